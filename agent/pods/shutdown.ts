import type { Pod } from '../../lib/api/types.ts';
import { delay } from '../../lib/runtime/clock.ts';
import type { AgentContext } from '../context.ts';
import { isCritical } from '../eviction/rank.ts';

/** kubelet's shutdownGracePeriod, and the part of it that is kept for critical pods. */
export interface ShutdownGrace {
  totalMs: number;
  criticalMs: number;
}

/** Longer than kubelet's default, which is none: a node here goes down with every `zeroplane down`. */
export const SHUTDOWN_GRACE: ShutdownGrace = { totalMs: 30_000, criticalMs: 10_000 };

/** Source: nodeShutdownMessage, nodeShutdownReason, NodeShutdownNotAdmittedReason in pkg/kubelet/nodeshutdown. */
export const TERMINATED = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
} as const;
export const NOT_ADMITTED = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
} as const;

/** A pod as shutting down sees it. */
export interface EndingPod {
  readonly pod: Pod | undefined;
  /** Nothing of it runs. */
  readonly stopped: boolean;
  /** Its containers may take so long at most. */
  shutDown(limitSeconds: number): void;
}

const POLL_MS = 50;
/** A container that is killed when its grace is over still has to die. Source: minimumGracePeriodInSeconds. */
const KILL_MS = 3_000;

/** Ends pods with their grace (KEP-2000): the critical ones when the others are gone, since those may need them to end well. */
export async function shutDownPods(
  context: AgentContext,
  pods: () => readonly EndingPod[],
  wake: () => void,
  grace: ShutdownGrace,
): Promise<void> {
  const critical = (one: EndingPod) => one.pod !== undefined && isCritical(one.pod);
  const phases = [
    { limitMs: grace.totalMs - grace.criticalMs, members: () => pods().filter((one) => !critical(one)) },
    { limitMs: grace.criticalMs, members: () => pods() },
  ];
  for (const { limitMs, members } of phases) {
    for (const one of members()) one.shutDown(Math.floor(limitMs / 1000));
    wake();
    const untilMs = context.clock.now() + limitMs + KILL_MS;
    while (context.clock.now() < untilMs && members().some(({ stopped }) => !stopped)) {
      await delay(context.clock, POLL_MS);
    }
  }
}
