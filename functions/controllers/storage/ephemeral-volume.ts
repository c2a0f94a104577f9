import { keyOf, type Stored } from '../../../lib/api/object.ts';
import type { PersistentVolumeClaim, Pod, Volume } from '../../../lib/api/types.ts';
import { ephemeralClaimName, isForPod } from '../../../lib/api/volumes/claim.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { persistentVolumeClaims, pods } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';

/** Makes the claims of ephemeral volumes; the garbage collector removes them with their pod (KEP-1698). */
export function createEphemeralVolumeController(dependencies: ControllerDependencies): Controller {
  const podCache = dependencies.caches.cache(pods);
  const claims = dependencies.caches.cache(persistentVolumeClaims);
  const own = hands(dependencies, 'ephemeral-volume-controller', 'ephemeral_volume');
  return {
    name: 'ephemeral-volume',
    watches: [
      watch(pods, (pod) => (pod && !pod.metadata.deletionTimestamp && hasEphemeral(pod) ? [keyOf(pod)] : [])),
      // A claim that was in the way, or was ours, is gone.
      watch(persistentVolumeClaims, (claim, previous) => (claim ? [] : podsBehind(previous!))),
    ],
    async reconcile(key) {
      const pod = podCache.get(key);
      if (!pod || pod.metadata.deletionTimestamp) return undefined;
      for (const volume of pod.spec?.volumes ?? []) if (volume.ephemeral) await ensure(pod, volume);
      return undefined;
    },
  };

  async function ensure(pod: Stored<Pod>, volume: Volume): Promise<void> {
    const name = ephemeralClaimName(pod, volume);
    const found = claims.get(`${pod.metadata.namespace}/${name}`);
    if (!found) {
      await own.client.create(persistentVolumeClaims, claimFor(pod, volume, name));
    } else if (!isForPod(found, pod)) {
      const why = `PVC ${pod.metadata.namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`;
      own.recorder.warning(pod, 'FailedBinding', `ephemeral volume ${volume.name}: ${why}`);
    }
  }

  function podsBehind({ metadata }: Stored<PersistentVolumeClaim>): string[] {
    return podCache
      .list(metadata.namespace)
      .filter((pod) => pod.spec?.volumes?.some((v) => v.ephemeral && ephemeralClaimName(pod, v) === metadata.name))
      .map(keyOf);
  }
}

const hasEphemeral = ({ spec }: Pod): boolean => spec?.volumes?.some(({ ephemeral }) => ephemeral) === true;

function claimFor(pod: Stored<Pod>, { ephemeral }: Volume, name: string): PersistentVolumeClaim {
  const { namespace, name: podName, uid } = pod.metadata;
  const owner = { apiVersion: 'v1', kind: 'Pod', name: podName, uid, controller: true, blockOwnerDeletion: true };
  const { metadata, spec } = ephemeral!.volumeClaimTemplate!;
  const { annotations, labels } = metadata ?? {};
  return { metadata: { namespace, name, annotations, labels, ownerReferences: [owner] }, spec };
}
