import { isReason } from '../../lib/api/status.ts';
import type { Pod, Volume } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../lib/client/resource-type.ts';
import { setUpHostPath } from './host-path.ts';
import { VolumeError } from './payload.ts';

/** The folder of a claim that is bound to a volume on this node's disk. */
export async function setUpClaim(client: Client, pod: Pod, volume: Volume): Promise<string> {
  const namespace = pod.metadata?.namespace;
  const name = volume.persistentVolumeClaim?.claimName ?? `${pod.metadata?.name}-${volume.name}`;
  const claim = await client.get(persistentVolumeClaims, { namespace, name }).catch((error: unknown) => {
    throw isReason(error, 'NotFound') ? new VolumeError(`persistentvolumeclaim "${name}" not found`) : error;
  });
  const volumeName = claim.spec?.volumeName;
  if (!volumeName || claim.status?.phase !== 'Bound') throw new VolumeError(`PVC ${namespace}/${name} is not bound`);
  const { spec } = await client.get(persistentVolumes, { name: volumeName });
  if (spec?.hostPath) return setUpHostPath(spec.hostPath);
  if (spec?.local) return setUpHostPath({ path: spec.local.path, type: 'DirectoryOrCreate' });
  throw new VolumeError(`no volume plugin matched for persistent volume ${volumeName}`);
}
