import { keyOf, type Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import { timeMs } from '../../lib/api/time.ts';
import type { Job } from '../../lib/api/types.ts';
import { type Controller, type Result, watch } from '../../lib/client/controller.ts';
import { jobs } from '../../lib/client/resource-type.ts';
import { conditionOf } from './conditions.ts';
import { type ControllerDependencies, hands } from './dependencies.ts';

/** Removes jobs that have been finished for as long as they say. KEP-592. */
export function createTtlAfterFinishedController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(jobs);
  const own = hands(dependencies, 'ttl-after-finished-controller');
  return {
    name: 'ttl-after-finished',
    concurrency: 5,
    watches: [watch(jobs, (job) => (job && expiresAtMs(job) !== undefined ? [keyOf(job)] : []))],
    async reconcile(key): Promise<Result | undefined> {
      const job = cache.get(key);
      const expires = job && expiresAtMs(job);
      if (!job || expires === undefined) return undefined;
      if (expires > own.clock.now()) return { requeueAfterMs: expires - own.clock.now() };
      const { namespace, name, uid } = job.metadata;
      try {
        // The TTL may have been raised meanwhile.
        const live = await own.client.get(jobs, { namespace, name });
        const liveExpires = expiresAtMs(live);
        if (liveExpires === undefined || liveExpires > own.clock.now()) return undefined;
        await own.client.delete(jobs, { namespace, name }, { uid, propagationPolicy: 'Foreground' });
      } catch (error) {
        if (!isReason(error, 'NotFound', 'Conflict')) throw error;
      }
      return undefined;
    },
  };
}

export function expiresAtMs({ metadata, spec, status }: Stored<Job>): number | undefined {
  const ttl = spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || metadata.deletionTimestamp) return undefined;
  const end = ['Complete', 'Failed']
    .map((type) => conditionOf(status?.conditions, type))
    .find((condition) => condition?.status === 'True');
  return end ? timeMs(end.lastTransitionTime) + ttl * 1000 : undefined;
}
