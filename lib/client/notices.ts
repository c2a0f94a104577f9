import { type Clock, delay } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Backoff, backoffMs } from '../runtime/queue.ts';
import type { Random } from '../runtime/random.ts';

/** Resources that have changed, and up to which revision. What changed is not told: whoever cares asks. */
export interface Notice {
  revision: number;
  /** `pods`, `deployments.apps`. */
  resources: readonly string[];
}

/** As a resource: anything may have changed. */
export const EVERYTHING = '*';

/** Notices may come twice, late, out of order or not at all. */
export function encodeNotice({ revision, resources }: Notice): string {
  return JSON.stringify({ revision, resources });
}

/** Undefined: it is none. */
export function decodeNotice(text: string): Notice | undefined {
  try {
    const { revision, resources } = JSON.parse(text) as Partial<Notice>;
    return Number.isInteger(revision) && Array.isArray(resources) ? { revision: revision!, resources } : undefined;
  } catch {
    return undefined; // not ours: whoever may write here, nobody has to understand it
  }
}

/** A queue of notices for one node. */
export interface NoticeQueue {
  /** What has come, and how it is taken off the queue. Waits for some seconds when there is nothing. */
  receive(signal: AbortSignal): Promise<{ bodies: string[]; done(): Promise<void> }>;
}

export interface FollowNotices {
  queue: NoticeQueue;
  /** Something of this resource changed. */
  wake(resource: string, revision: number): void;
  /** Anything may have changed: notices may have been lost. */
  wakeAll(): void;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
}

/** The first wait is spread as well: a whole cluster of nodes loses its queues at the same moment. */
const RETRY: Backoff = { baseMs: 500, maxMs: 60_000, jitter: 1 };

/** Passes notices on until the signal aborts. With every failure everything is caught up: what came meanwhile may be gone. */
export async function followNotices(options: FollowNotices): Promise<void> {
  const { queue, clock, random, log, signal } = options;
  let failures = 0;
  options.wakeAll();
  while (!signal.aborted) {
    try {
      const { bodies, done } = await queue.receive(signal);
      failures = 0;
      passOn(bodies, options);
      await done();
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) log('cannot receive notices of changes', { error });
      await delay(clock, backoffMs(failures++, random, RETRY), signal);
      if (!signal.aborted) options.wakeAll();
    }
  }
}

/** The newest of each resource is enough. */
function passOn(bodies: readonly string[], { wake, wakeAll }: FollowNotices): void {
  const newest = new Map<string, number>();
  for (const notice of bodies.map(decodeNotice)) {
    for (const resource of notice?.resources ?? [])
      newest.set(resource, Math.max(newest.get(resource) ?? 0, notice!.revision));
  }
  if (newest.has(EVERYTHING)) wakeAll();
  else for (const [resource, revision] of newest) wake(resource, revision);
}
