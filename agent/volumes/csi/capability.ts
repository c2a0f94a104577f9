import type { CSIDriver, PersistentVolume } from '../../../lib/api/types.ts';
import { modeOf } from '../../../lib/api/volumes/match-volume.ts';
import {
  NodeServiceCapability_RPC_Type as Capability,
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapability,
} from './proto/csi.ts';

/** How the pod will use the volume, in the driver's words. Source: pkg/volume/csi csi_client.go asCSIAccessModeV1, asSingleNodeMultiWriterCapableCSIAccessModeV1. */
export function volumeCapability(
  { spec }: Pick<PersistentVolume, 'spec'>,
  capabilities: ReadonlySet<number>,
  group: number | undefined,
): VolumeCapability {
  const [access = 'ReadWriteOnce'] = spec?.accessModes ?? [];
  const accessMode = { mode: modeNumber(access, capabilities.has(Capability.SINGLE_NODE_MULTI_WRITER)) };
  if (modeOf(spec) === 'Block') return { accessMode, block: {} };
  const delegated = group !== undefined && capabilities.has(Capability.VOLUME_MOUNT_GROUP);
  return {
    accessMode,
    mount: {
      fsType: spec?.csi?.fsType ?? '',
      mountFlags: spec?.mountOptions ?? [],
      volumeMountGroup: delegated ? String(group) : '',
    },
  };
}

function modeNumber(access: string, knowsSingle: boolean): (typeof Mode)[keyof typeof Mode] {
  if (access === 'ReadWriteMany') return Mode.MULTI_NODE_MULTI_WRITER;
  if (access === 'ReadOnlyMany') return Mode.MULTI_NODE_READER_ONLY;
  if (!knowsSingle) return Mode.SINGLE_NODE_WRITER;
  return access === 'ReadWriteOncePod' ? Mode.SINGLE_NODE_SINGLE_WRITER : Mode.SINGLE_NODE_MULTI_WRITER;
}

/** Whether the agent gives the files to the pod's group: the driver says so in its CSIDriver (KEP-1682). */
export function agentOwnsFiles(
  driver: CSIDriver | undefined,
  { spec }: Pick<PersistentVolume, 'spec'>,
  capabilities: ReadonlySet<number>,
): boolean {
  if (capabilities.has(Capability.VOLUME_MOUNT_GROUP)) return false;
  const policy = driver?.spec?.fsGroupPolicy ?? 'ReadWriteOnceWithFSType';
  if (policy !== 'ReadWriteOnceWithFSType') return policy === 'File';
  return Boolean(spec?.csi?.fsType) && spec?.accessModes?.includes('ReadWriteOnce') === true;
}
