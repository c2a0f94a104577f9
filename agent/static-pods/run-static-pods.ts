import { delay } from '../../lib/runtime/clock.ts';
import type { AgentContext } from '../context.ts';
import type { Pods } from '../pods/pods.ts';
import type { Manifests } from './manifests.ts';
import type { Mirrors } from './mirrors.ts';

/** A look is one readdir and a stat a file. */
const LOOK_MS = 1_000;

/** Keeps the node's static pods as its manifests say, and their mirrors as they are, until the signal aborts. */
export async function runStaticPods(
  { clock, log }: AgentContext,
  manifests: Manifests,
  pods: Pods,
  mirrors: Mirrors,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      pods.setStatic(await manifests.pods());
      await mirrors.sync(pods.static());
    } catch (error) {
      log('cannot keep the static pods', { error });
    }
    await delay(clock, LOOK_MS, signal);
  }
}
