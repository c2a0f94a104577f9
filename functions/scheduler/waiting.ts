import { StatusError } from '../../lib/api/status.ts';
import { bind } from './apply.ts';
import { bindingState, writeBindings } from './bind-volumes.ts';
import type { Bindings } from './plugins/volume-binding.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import { profileOf, type State } from './state.ts';

/** A pod that has a node, and whose volumes are on their way to it. */
export interface Waiting {
  pod: PodInfo;
  node: string;
  untilMs: number;
}

/** The pod keeps its place while others bring its volumes: nobody sleeps meanwhile. */
export async function startBinding(pod: PodInfo, node: string, bindings: Bindings, state: State): Promise<boolean> {
  const { volumes, waiting, clock } = state;
  const { writers, bindTimeoutMs } = profileOf(pod, state);
  if (!(await writeBindings(writers.client, bindings, { pod: pod.uid, node, volumes }))) return false;
  const one = { pod, node, untilMs: clock.now() + bindTimeoutMs };
  waiting.set(pod.uid, one);
  await goOn(one, state);
  return true;
}

/** A pod whose volumes were on their way. */
export async function goOn({ pod, node, untilMs }: Waiting, state: State): Promise<void> {
  const { snapshot, volumes, waiting, clock } = state;
  const { writers } = profileOf(pod, state);
  const info = snapshot.node(node);
  // It was deleted, or its binding has been seen.
  if (!snapshot.isAssumed(pod.uid)) {
    waiting.delete(pod.uid);
    return volumes.forget(pod.uid);
  }
  const late = clock.now() >= untilMs;
  const progress = info ? bindingState(pod, info, volumes) : 'failed';
  if (progress === 'waiting' && !late) return;
  if (progress !== 'bound') {
    const why = late ? 'context deadline exceeded' : 'the volume was not bound to the claim on the selected node';
    writers.recorder.warning(
      pod.pod,
      'FailedScheduling',
      `running PreBind plugin "VolumeBinding": binding volumes: ${why}`,
    );
    return giveUp(pod, state);
  }
  waiting.delete(pod.uid);
  volumes.forget(pod.uid);
  await orLater(pod, state, () => bind(writers, pod, node));
}

/** False, or a refusal of the API: what was assumed is given up, and the pod is tried again. */
export async function orLater(pod: PodInfo, state: State, act: () => Promise<boolean>): Promise<void> {
  try {
    if (!(await act())) giveUp(pod, state);
  } catch (error) {
    giveUp(pod, state);
    if (!(error instanceof StatusError)) throw error;
  }
}

function giveUp(pod: PodInfo, { snapshot, pending, volumes, waiting, clock }: State): void {
  waiting.delete(pod.uid);
  volumes.forget(pod.uid);
  undo(pod, snapshot);
  pending.retry(pod.uid, clock.now());
}

/** Unless the cache has shown it bound meanwhile. */
function undo(pod: PodInfo, snapshot: Snapshot): void {
  if (snapshot.isAssumed(pod.uid)) snapshot.removePod(pod.uid);
}
