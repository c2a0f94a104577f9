import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { PersistentVolumeClaim, Pod } from '../../../lib/api/types.ts';
import { BY_CLAIM, claimKeys } from '../../../lib/api/volumes/claim.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { persistentVolumeClaims, pods } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';
import { isFinished } from '../pod-state.ts';

const FINALIZER = 'kubernetes.io/pvc-protection';

/** A claim that is deleted stays until no pod uses it. */
export function createClaimProtectionController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(persistentVolumeClaims);
  const podCache = dependencies.caches.cache(pods);
  podCache.addIndex(BY_CLAIM, claimKeys);
  const own = hands(dependencies, 'pvc-protection-controller');
  return {
    name: 'pvc-protection',
    watches: [
      watch(persistentVolumeClaims, (claim) => (claim && needsWork(claim) ? [keyOf(claim)] : [])),
      watch(pods, (pod, previous) => (!pod || isFinished(pod) ? claimKeys((pod ?? previous)!) : [])),
    ],
    async reconcile(key) {
      const claim = cache.get(key);
      if (!claim || !needsWork(claim)) return undefined;
      const finalizers = claim.metadata.finalizers ?? [];
      if (!claim.metadata.deletionTimestamp) {
        await write([...finalizers, FINALIZER]);
      } else if (!podCache.byIndex(BY_CLAIM, key).some(uses) && !(await isUsedLive(claim))) {
        await write(finalizers.filter((finalizer) => finalizer !== FINALIZER));
      }
      return undefined;

      async function write(next: string[]): Promise<void> {
        try {
          await own.client.update(persistentVolumeClaims, {
            ...claim!,
            metadata: { ...claim!.metadata, finalizers: next },
          });
        } catch (error) {
          if (!isReason(error, 'NotFound')) throw error;
        }
      }
    },
  };

  /** The cache may lag behind a pod that was just made. */
  async function isUsedLive({ metadata }: Stored<PersistentVolumeClaim>): Promise<boolean> {
    const { items } = await own.client.list(pods, { namespace: metadata.namespace! });
    return items.some((pod) => uses(pod) && claimKeys(pod).includes(keyOf({ metadata })));
  }
}

function needsWork({ metadata }: Stored<PersistentVolumeClaim>): boolean {
  const protectedNow = metadata.finalizers?.includes(FINALIZER) === true;
  return metadata.deletionTimestamp ? protectedNow : !protectedNow;
}

/** A pod that no node has taken yet uses nothing. */
function uses(pod: Stored<Pod>): boolean {
  return Boolean(pod.spec?.nodeName) && !isFinished(pod);
}
