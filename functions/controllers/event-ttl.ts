import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import { timeMs } from '../../lib/api/time.ts';
import type { Event } from '../../lib/api/types.ts';
import type { Client, ObjectList } from '../../lib/client/client.ts';
import { type Controller, watch } from '../../lib/client/controller.ts';
import { events, namespaces } from '../../lib/client/resource-type.ts';
import { eachBounded } from '../../lib/runtime/bounded.ts';
import type { ControllerDependencies } from './dependencies.ts';

/** kube-apiserver's --event-ttl, counted from the last time the event was seen. */
export const EVENT_TTL_MS = 3_600_000;
const SWEEP_MS = 300_000;
const PAGE = 500;
const MAX_IN_FLIGHT = 16;
const SWEEP = 'sweep';

/** Removes Events after their time. etcd does it by leases; here it is a delete like any other, so that watchers hear of it. */
export function createEventTtlController({ clientFor, clock, followsLog }: ControllerDependencies): Controller {
  const client = clientFor('generic-garbage-collector');
  return {
    name: 'event-ttl',
    // One sweep for all; the namespace that is always there begins it. Events are not cached: there are many, and nobody asks for them.
    watches: [
      watch(namespaces, (namespace, previous) => (namespace?.metadata.name === 'default' && !previous ? [SWEEP] : [])),
    ],
    // One that comes does not expire before its time: so the next sweep is then, if none is before.
    touches: [{ type: events, key: SWEEP, delayMs: EVENT_TTL_MS + SWEEP_MS }],
    async reconcile() {
      const oldest = await sweep(client, clock.now());
      if (!followsLog) return { requeueAfterMs: SWEEP_MS };
      return oldest === undefined ? undefined : { requeueAfterMs: oldest + EVENT_TTL_MS + SWEEP_MS - clock.now() };
    },
  };
}

/** When the oldest of those that are left was last seen; undefined: none is left. */
async function sweep(client: Client, now: number): Promise<number | undefined> {
  let page: ObjectList<Event> = await client.list(events, { limit: PAGE });
  let oldest = await removeExpired(client, page.items, now);
  while (page.continue) {
    page = await client.list(events, { limit: PAGE, continue: page.continue });
    oldest = Math.min(oldest, await removeExpired(client, page.items, now));
  }
  return Number.isFinite(oldest) ? oldest : undefined;
}

/** When the oldest of those that stay was last seen, or Infinity. */
async function removeExpired(client: Client, items: readonly Stored<Event>[], now: number): Promise<number> {
  const expired = items.filter((event) => lastSeenMs(event) + EVENT_TTL_MS <= now);
  await eachBounded(expired, MAX_IN_FLIGHT, async ({ metadata: { namespace, name, uid, resourceVersion } }) => {
    try {
      await client.delete(events, { namespace, name }, { uid, resourceVersion });
    } catch (error) {
      // Gone, or seen once more.
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  });
  return Math.min(...items.map(lastSeenMs).filter((seen) => seen + EVENT_TTL_MS > now), Infinity);
}

export function lastSeenMs({ metadata, eventTime, firstTimestamp, lastTimestamp, series }: Event): number {
  const times = [metadata.creationTimestamp, eventTime, firstTimestamp, lastTimestamp, series?.lastObservedTime].map(
    timeMs,
  );
  return Math.max(...times.filter((time) => !Number.isNaN(time)));
}
