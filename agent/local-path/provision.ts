import { keyOf, type Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../lib/api/types.ts';
import { LOCAL_PATH_PROVISIONER, SELECTED_NODE, STORAGE_PROVISIONER } from '../../lib/api/volumes/annotations.ts';
import { classOf, requestedBytes } from '../../lib/api/volumes/claim.ts';
import { type Controller, watch } from '../../lib/client/controller.ts';
import { nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../lib/client/resource-type.ts';
import type { LocalPathParts } from './local-path.ts';
import { backingOf, isForNode, newVolume, refusal, volumeName } from './volume.ts';

/** Makes volumes on this node's disk for claims that are to live here. Key: a claim. */
export function createProvisioner({ client, caches, recorder, nodeName, store }: LocalPathParts): Controller {
  const claims = caches.cache(persistentVolumeClaims);
  const volumes = caches.cache(persistentVolumes);
  const classes = caches.cache(storageClasses);
  const isAsked = ({ metadata, spec }: Stored<PersistentVolumeClaim>) =>
    metadata.annotations?.[STORAGE_PROVISIONER] === LOCAL_PATH_PROVISIONER && !spec?.volumeName;
  return {
    name: 'local-path-provisioner',
    watches: [
      watch(persistentVolumeClaims, (claim) => (claim && isAsked(claim) ? [keyOf(claim)] : [])),
      watch(storageClasses, () => claims.list().filter(isAsked).map(keyOf)),
    ],
    concurrency: 4,
    async reconcile(key) {
      const claim = claims.get(key);
      const storageClass = claim && classes.get(classOf(claim));
      if (!claim || !storageClass || storageClass.provisioner !== LOCAL_PATH_PROVISIONER) return undefined;
      if (volumes.get(volumeName(claim)) || !isForNode(claim, storageClass, nodeName)) return undefined;
      const selected = claim.metadata.annotations?.[SELECTED_NODE] !== undefined;
      if (!selected && (await isClosed())) return undefined;
      const why = refusal(claim);
      if (why) return refuse(claim, storageClass, why);
      const message = `External provisioner is provisioning volume for claim "${key}"`;
      recorder.normal(claim, 'Provisioning', message);
      await provision(claim, storageClass).catch((error: unknown) => {
        if (!isReason(error)) refuse(claim, storageClass, error instanceof Error ? error.message : String(error));
        throw error;
      });
      return undefined;
    },
  };

  /** The content first: whoever sees the volume may mount it. */
  async function provision(claim: Stored<PersistentVolumeClaim>, storageClass: Stored<StorageClass>): Promise<void> {
    const name = volumeName(claim);
    const path = await store.make(name, backingOf(claim, storageClass), requestedBytes(claim.spec));
    try {
      await client.create(persistentVolumes, newVolume(claim, storageClass, nodeName, path));
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
      return leaveToOther(name, path);
    }
    recorder.normal(claim, 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`);
  }

  /** Another node was faster, or an earlier attempt of ours whose answer was lost. */
  async function leaveToOther(name: string, path: string): Promise<void> {
    const { spec } = await client.get(persistentVolumes, { name });
    const hostnames = spec?.nodeAffinity?.required?.nodeSelectorTerms?.[0]?.matchExpressions?.[0]?.values;
    if (spec?.local?.path !== path || !hostnames?.includes(nodeName)) await store.remove(name);
  }

  function refuse(claim: Stored<PersistentVolumeClaim>, { metadata }: Stored<StorageClass>, why: string): undefined {
    const message = `failed to provision volume with StorageClass "${metadata.name}": ${why}`;
    recorder.warning(claim, 'ProvisioningFailed', message);
  }

  /** A node that takes no pods takes no volume that could be anywhere. */
  async function isClosed(): Promise<boolean> {
    const { spec } = await client.get(nodes, { name: nodeName });
    return spec?.unschedulable === true;
  }
}
