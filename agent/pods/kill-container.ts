import type { Container, Pod } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import { delay } from '../../lib/runtime/clock.ts';
import type { AgentContext } from '../context.ts';
import { containerEvents } from './container-events.ts';
import { runHook } from './hooks.ts';
import type { Kill } from './plan.ts';

/** Even a container that is to end at once gets a moment. Source: minimumGracePeriodInSeconds. */
const MIN_GRACE_SECONDS = 2;

export interface KillRequest {
  pod: Pod;
  container: Container;
  id: string;
  message: string;
  graceSeconds: number;
  podIP: string;
}

/** Killing event, preStop hook, stop signal, and after the grace SIGKILL. Source: kuberuntime killContainer. */
export async function killContainer(
  context: AgentContext,
  recorder: EventRecorder,
  request: KillRequest,
): Promise<void> {
  const { pod, container, id, message, graceSeconds } = request;
  containerEvents(recorder, pod, container.name).normal('Killing', message || `Stopping container ${container.name}`);
  const spent = graceSeconds > 0 ? await preStop(context, recorder, request) : 0;
  const left = Math.max(MIN_GRACE_SECONDS, graceSeconds - spent);
  await context.runtime.stopContainer(id, left);
}

/** Seconds that the hook took. It may use up the whole grace, no more. */
async function preStop(context: AgentContext, recorder: EventRecorder, request: KillRequest): Promise<number> {
  const { pod, container, id, graceSeconds, podIP } = request;
  const handler = container.lifecycle?.preStop;
  if (!handler) return 0;
  const { clock, runtime } = context;
  const began = clock.now();
  const stop = new AbortController();
  const timeoutMs = graceSeconds * 1000;
  const hook = runHook(runtime, clock, {
    pod,
    container,
    containerId: id,
    podIP,
    handler,
    timeoutMs,
    signal: stop.signal,
  });
  const failed = hook.catch(() => {
    if (!stop.signal.aborted)
      containerEvents(recorder, pod, container.name).warning('FailedPreStopHook', 'PreStopHook failed');
  });
  const limit = delay(clock, timeoutMs, stop.signal);
  await Promise.race([failed, limit]);
  stop.abort();
  return Math.floor((clock.now() - began) / 1000);
}

/** How long a container may take to end. Source: setTerminationGracePeriod. */
export function graceSeconds(pod: Pod, container: Container, reason?: Kill['reason']): number {
  const deletion = pod.metadata?.deletionGracePeriodSeconds;
  if (deletion !== undefined) return deletion;
  const probe =
    reason === 'startup' ? container.startupProbe : reason === 'liveness' ? container.livenessProbe : undefined;
  return probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? MIN_GRACE_SECONDS;
}
