import type { Stored } from '../../../../lib/api/object.ts';
import type { PersistentVolume, Pod, VolumeAttachment } from '../../../../lib/api/types.ts';

/** A volume that pods of the node need. */
export interface Wanted {
  name: string;
  volume: Stored<PersistentVolume>;
  pod: Stored<Pod>;
}

export interface AttachPlan {
  attach: Wanted[];
  detach: Stored<VolumeAttachment>[];
  /** Another node has them, and may not share. */
  blocked: Wanted[];
}

/** `present`: attachments of the node; `elsewhere`: nodes that hold a volume; `inUse`: what the node still has mounted. */
export function planAttachments(
  wanted: ReadonlyMap<string, Wanted>,
  present: readonly Stored<VolumeAttachment>[],
  elsewhere: (volume: string) => boolean,
  inUse: (attachment: Stored<VolumeAttachment>) => boolean,
): AttachPlan {
  const known = new Set(present.map(({ metadata }) => metadata.name));
  const missing = [...wanted.values()].filter(({ name }) => !known.has(name));
  const blocked = missing.filter(({ volume }) => isExclusive(volume) && elsewhere(volume.metadata.name));
  return {
    attach: missing.filter((one) => !blocked.includes(one)),
    blocked,
    detach: present.filter((one) => !wanted.has(one.metadata.name) && !one.metadata.deletionTimestamp && !inUse(one)),
  };
}

function isExclusive({ spec }: PersistentVolume): boolean {
  return !spec?.accessModes?.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
}
