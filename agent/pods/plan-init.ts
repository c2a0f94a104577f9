import type { Container } from '../../lib/api/types.ts';
import type { Kill, PlanInput, Start } from './plan.ts';
import { isRestartableInit, restartsAfter } from './restart-policy.ts';
import { findContainer, hasAnyRegularContainer } from './runtime-pod.ts';

export interface InitPlan {
  /** The pod's containers may start. */
  done: boolean;
  /** An init container failed and the pod does not restart it. */
  failed: boolean;
  start: Start[];
  kill: Kill[];
}

/**
 * Init containers run one after the other; a sidecar lets the next one start once it has started.
 * Source: kuberuntime computeInitContainerActions; KEP-753.
 */
export function planInitContainers(input: PlanInput): InitPlan {
  const { pod, runtime } = input;
  const containers = pod.spec?.initContainers ?? [];
  const plan: InitPlan = { done: true, failed: false, start: [], kill: [] };
  const initialized = hasAnyRegularContainer(pod, runtime);
  for (const container of initialized ? containers.filter(isRestartableInit) : containers) {
    const verdict = isRestartableInit(container) ? sidecar(input, container, plan) : once(input, container, plan);
    if (verdict === 'failed') return { done: false, failed: true, start: [], kill: [] };
    // Once the pod has been initialized its containers no longer wait for the sidecars.
    if (verdict === 'wait' && !initialized) return { ...plan, done: false };
  }
  return plan;
}

type Verdict = 'next' | 'wait' | 'failed';

function once({ pod, runtime }: PlanInput, container: Container, plan: InitPlan): Verdict {
  const status = findContainer(runtime, container.name);
  if (status?.state === 'RUNNING') return 'wait';
  if (status?.state === 'EXITED') {
    if (status.exitCode === 0) return 'next';
    // For an init container `Always` means `OnFailure`.
    if (!restartsAfter(pod, container, status.exitCode)) return 'failed';
  }
  plan.start.push({ kind: 'init', container });
  return 'wait';
}

function sidecar({ runtime, probes }: PlanInput, container: Container, plan: InitPlan): Verdict {
  const status = findContainer(runtime, container.name);
  if (status?.state !== 'RUNNING') {
    plan.start.push({ kind: 'init', container });
    return 'wait';
  }
  const reason = probes.failed(status.id);
  if (reason) {
    const message = `Init container ${container.name} failed ${reason} probe, will be restarted`;
    plan.kill.push({ id: status.id, container, message, reason });
    plan.start.push({ kind: 'init', container });
  }
  return probes.started(status.id) ? 'next' : 'wait';
}
