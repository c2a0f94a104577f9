import { uniqueVolumeName } from '../../../lib/api/volumes/attachment.ts';
import { claimKeys, classOf } from '../../../lib/api/volumes/claim.ts';
import type { Plugin, Rejection } from '../framework.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Volumes } from '../volumes.ts';

const rejection: Rejection = { reason: 'node(s) exceed max volume count' };

/** Volumes by their drivers. */
type ByDriver = ReadonlyMap<string, ReadonlySet<string>>;

/** A driver says in the CSINode how many volumes a node takes. Source: plugins/nodevolumelimits/csi.go. */
export function nodeVolumeLimits(volumes: Volumes): Plugin<ByDriver> {
  return {
    name: 'NodeVolumeLimits',
    requeueOn: ['node', 'podRemoved', 'volume'],
    prepare(pod) {
      const wanted = csiVolumes(pod, volumes);
      return wanted.size > 0 ? wanted : undefined;
    },
    filter(wanted, _pod, node) {
      const limits = volumes.csiNodes.get(node.name)?.spec?.drivers ?? [];
      for (const { name, allocatable } of limits) {
        const own = wanted.get(name);
        if (!own || allocatable?.count === undefined) continue;
        const present = new Set<string>();
        for (const other of node.pods.values()) {
          for (const volume of csiVolumes(other, volumes).get(name) ?? []) present.add(volume);
        }
        const more = [...own].filter((volume) => !present.has(volume)).length;
        if (more > 0 && present.size + more > allocatable.count) return rejection;
      }
      return undefined;
    },
  };
}

/** A claim without a volume counts as one of its class's driver. */
function csiVolumes(pod: PodInfo, volumes: Volumes): ByDriver {
  const found = new Map<string, Set<string>>();
  const add = (driver: string, volume: string) => found.set(driver, (found.get(driver) ?? new Set()).add(volume));
  for (const key of claimKeys(pod.pod)) {
    const claim = volumes.claims.get(key);
    if (!claim) continue;
    const csi = volumes.volumeOf(claim)?.spec?.csi;
    if (csi) add(csi.driver, uniqueVolumeName(csi));
    else if (!claim.spec?.volumeName) {
      const provisioner = volumes.classes.get(classOf(claim))?.provisioner;
      if (provisioner) add(provisioner, key);
    }
  }
  for (const { name, csi } of pod.spec.volumes ?? []) if (csi) add(csi.driver, `${pod.uid}/${name}`);
  return found;
}
