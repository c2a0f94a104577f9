import type { Container, Pod } from '../../lib/api/types.ts';
import { containerHash, hashOf } from './labels.ts';
import { planInitContainers } from './plan-init.ts';
import { restartsWhenKilled, shouldBeStarted } from './restart-policy.ts';
import { findContainer, hasAnyRegularContainer, type RuntimePod } from './runtime-pod.ts';
import { sandboxChanged } from './sandbox-changed.ts';

export interface PlanInput {
  readonly pod: Pod;
  readonly runtime: RuntimePod;
  /** What the probes say of a container, by its id. */
  readonly probes: ProbeView;
}

export interface ProbeView {
  /** The probe that failed for good, if one did. */
  failed(containerId: string): 'liveness' | 'startup' | undefined;
  /** The startup probe succeeded, or there is none. */
  started(containerId: string): boolean;
}

export interface Plan {
  /** Stop all that runs, the sandbox too. */
  killPod: boolean;
  /** A new sandbox, with this attempt number. */
  createSandbox: number | undefined;
  sandboxId: string | undefined;
  /** Containers to start, in this order, each by its name. */
  start: Start[];
  kill: Kill[];
}

export interface Start {
  kind: 'ephemeral' | 'init' | 'container';
  container: Container;
}

export interface Kill {
  id: string;
  container: Container;
  message: string;
  reason: 'liveness' | 'startup' | 'changed' | 'resize' | 'unknown';
}

/** What is to be done for a pod that shall run. Pure. Source: kuberuntime computePodActions. */
export function planPod(input: PlanInput): Plan {
  const { pod, runtime } = input;
  const sandbox = sandboxChanged(pod, runtime);
  if (sandbox.changed) return planNewSandbox(pod, runtime, sandbox.attempt);

  const plan: Plan = { ...NOTHING, sandboxId: sandbox.sandboxId, start: ephemeralStarts(pod, runtime), kill: [] };
  const init = planInitContainers(input);
  plan.start.push(...init.start);
  plan.kill.push(...init.kill);
  if (init.failed) return { ...plan, killPod: true, start: [] };
  if (!init.done) return plan;
  return planContainers(input, plan);
}

const NOTHING: Plan = { killPod: false, createSandbox: undefined, sandboxId: undefined, start: [], kill: [] };

function planNewSandbox(pod: Pod, runtime: RuntimePod, attempt: number): Plan {
  const kill = { ...NOTHING, killPod: true };
  const ranBefore = attempt !== 0 && runtime.containers.length > 0;
  // A pod that never restarts is not given a second sandbox once its containers have run.
  if (pod.spec?.restartPolicy === 'Never' && ranBefore) return kill;
  const start = (pod.spec?.containers ?? []).filter((container) => !doneForGood(pod, container, runtime));
  if (start.length === 0 && hasAnyRegularContainer(pod, runtime)) return kill;
  const [firstInit] = pod.spec?.initContainers ?? [];
  return {
    ...kill,
    createSandbox: attempt,
    start: firstInit
      ? [{ kind: 'init', container: firstInit }]
      : start.map((container) => ({ kind: 'container', container })),
  };
}

function doneForGood(pod: Pod, container: Container, runtime: RuntimePod): boolean {
  const status = findContainer(runtime, container.name);
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy;
  return policy === 'OnFailure' && status?.state === 'EXITED' && status.exitCode === 0;
}

/** Ephemeral containers are started once and never again (KEP-277). */
function ephemeralStarts(pod: Pod, runtime: RuntimePod): Start[] {
  return (pod.spec?.ephemeralContainers ?? [])
    .filter(({ name }) => !findContainer(runtime, name))
    .map((container) => ({ kind: 'ephemeral', container: container as Container }));
}

function planContainers(input: PlanInput, plan: Plan): Plan {
  let kept = 0;
  for (const container of input.pod.spec?.containers ?? []) {
    const step = planContainer(input, container);
    if (step === 'keep') kept++;
    if (typeof step === 'string') continue;
    if (step.start) plan.start.push({ kind: 'container', container });
    if (step.kill) plan.kill.push(step.kill);
  }
  const starting = plan.start.some(({ kind }) => kind === 'container');
  return kept === 0 && !starting ? { ...plan, killPod: true, start: [] } : plan;
}

type Step = 'keep' | 'done' | { start: boolean; kill?: Kill };

function planContainer({ pod, runtime, probes }: PlanInput, container: Container): Step {
  const status = findContainer(runtime, container.name);
  if (status?.state !== 'RUNNING') {
    if (!shouldBeStarted(pod, container, runtime)) return 'done';
    const message = 'Container is in "unknown" state, try killing it before restart';
    if (status?.state === 'UNKNOWN')
      return { start: true, kill: { id: status.id, container, message, reason: 'unknown' } };
    return { start: true };
  }
  if ((hashOf(status) ?? containerHash(container)) !== containerHash(container)) {
    const message = `Container ${container.name} definition changed, will be restarted`;
    return { start: true, kill: { id: status.id, container, message, reason: 'changed' } };
  }
  const reason = probes.failed(status.id);
  if (!reason) return 'keep';
  const restart = restartsWhenKilled(pod, container);
  const message = `Container ${container.name} failed ${reason} probe${restart ? ', will be restarted' : ''}`;
  return { start: restart, kill: { id: status.id, container, message, reason } };
}
