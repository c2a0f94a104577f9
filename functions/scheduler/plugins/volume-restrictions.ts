import { claimKeys } from '../../../lib/api/volumes/claim.ts';
import type { Plugin, Rejection } from '../framework.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Volumes } from '../volumes.ts';

const rejection: Rejection = {
  reason:
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
};

/** A ReadWriteOncePod claim has one pod in the whole cluster (KEP-2485). Source: plugins/volumerestrictions. */
export function volumeRestrictions(volumes: Volumes): Plugin<true> {
  return {
    name: 'VolumeRestrictions',
    requeueOn: ['podRemoved', 'volume'],
    prepare(pod, snapshot) {
      const single = claimKeys(pod.pod).filter((key) =>
        volumes.claims.get(key)?.spec?.accessModes?.includes('ReadWriteOncePod'),
      );
      return single.length > 0 && isUsed(new Set(single), pod.uid, snapshot) ? true : undefined;
    },
    filter: () => rejection,
  };
}

function isUsed(claims: ReadonlySet<string>, exceptUid: string, snapshot: Snapshot): boolean {
  return snapshot.nodes().some((node) => {
    for (const other of node.pods.values()) {
      if (other.uid !== exceptUid && claimKeys(other.pod).some((key) => claims.has(key))) return true;
    }
    return false;
  });
}
