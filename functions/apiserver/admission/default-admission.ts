import type { Clock } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import type { Rbac } from '../authorization/rbac.ts';
import type { AdmissionPlugin, Authorizer } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export interface AdmissionDependencies {
  reader: Reader;
  rbac: Rbac;
  authorize: Authorizer;
  clock: Clock;
  random: Random;
}

/** kube-apiserver's plugins that are on by default, with NodeRestriction, in its order. Source: pkg/kubeapiserver/options/plugins.go */
export function defaultAdmission({ reader, rbac, authorize, clock, random }: AdmissionDependencies): AdmissionPlugin[] {
  return [
    namespaceLifecycle(reader),
    serviceAccount({ reader, clock, random }),
    taintNodesByCondition,
    priority(reader),
    defaultTolerationSeconds,
    storageObjectInUseProtection,
    // Webhooks and admission policies are stored, not yet called: their place is here, before the quota.
    rbacEscalation(rbac, authorize),
  ];
}
