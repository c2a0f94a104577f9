import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { compareQuantities } from '../../../lib/api/quantity.ts';
import type { PersistentVolumeClaim } from '../../../lib/api/types.ts';
import { isFullyBound } from '../../../lib/api/volumes/claim.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { persistentVolumeClaims } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';

/** Says that a claim which asks for more waits for whoever serves its volume: no volume of ours is grown from here. */
export function createVolumeExpandController(dependencies: ControllerDependencies): Controller {
  const claims = dependencies.caches.cache(persistentVolumeClaims);
  const own = hands(dependencies, 'expand-controller', 'volume_expand');
  return {
    name: 'persistentvolume-expander',
    watches: [
      watch(persistentVolumeClaims, (claim, previous) =>
        claim && wantsMore(claim) && sizeOf(claim) !== sizeOf(previous) ? [keyOf(claim)] : [],
      ),
    ],
    async reconcile(key) {
      const claim = claims.get(key);
      if (claim && wantsMore(claim)) {
        own.recorder.normal(claim, 'ExternalExpanding', 'waiting for an external controller to expand this PVC');
      }
      return undefined;
    },
  };
}

const sizeOf = (claim: PersistentVolumeClaim | undefined) => claim?.spec?.resources?.requests?.['storage'];

function wantsMore(claim: Stored<PersistentVolumeClaim>): boolean {
  const has = claim.status?.capacity?.['storage'];
  return isFullyBound(claim) && has !== undefined && compareQuantities(sizeOf(claim) ?? '0', has) > 0;
}
