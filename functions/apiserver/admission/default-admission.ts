import type { Clock } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import type { Store } from '../../../lib/storage/contract.ts';
import type { Rbac } from '../authorization/rbac.ts';
import type { AdmissionPlugin, Authorizer } from '../contract.ts';
import type { Reader } from '../reader.ts';
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from './certificate-signers.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction/node-restriction.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export interface AdmissionDependencies {
  store: Store;
  reader: Reader;
  rbac: Rbac;
  authorize: Authorizer;
  clock: Clock;
  random: Random;
}

/** kube-apiserver's plugins that are on by default, with NodeRestriction, in its order. Source: pkg/kubeapiserver/options/plugins.go */
export function defaultAdmission(dependencies: AdmissionDependencies): AdmissionPlugin[] {
  const { store, reader, rbac, authorize, clock, random } = dependencies;
  return [
    namespaceLifecycle(reader),
    limitRanger(reader),
    serviceAccount({ reader, clock, random }),
    nodeRestriction({ reader, authorize }),
    taintNodesByCondition,
    podSecurity(reader),
    priority(reader),
    defaultTolerationSeconds,
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(reader),
    runtimeClass(reader),
    certificateApproval(authorize),
    certificateSigning(authorize),
    clusterTrustBundleAttest(authorize),
    certificateSubjectRestriction,
    defaultIngressClass(reader),
    podTopologyLabels(reader),
    // Webhooks and admission policies are stored, not yet called: their place is here, before the quota.
    rbacEscalation(rbac, authorize),
    resourceQuota(reader, store, clock),
  ];
}
