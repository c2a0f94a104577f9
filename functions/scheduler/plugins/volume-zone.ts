import { claimKeys } from '../../../lib/api/volumes/claim.ts';
import type { Plugin, Rejection } from '../framework.ts';
import type { Volumes } from '../volumes.ts';

const LABELS = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
];
/** Between the zones of a volume that is in several. */
const DELIMITER = '__';
const rejection: Rejection = { reason: 'node(s) had no available volume zone', unresolvable: true };

interface Zone {
  label: string;
  values: readonly string[];
}

/** A bound volume's zone is its pod's. Source: k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumezone. */
export function volumeZone(volumes: Volumes): Plugin<readonly Zone[]> {
  return {
    name: 'VolumeZone',
    requeueOn: ['node', 'volume'],
    prepare(pod) {
      const zones = claimKeys(pod.pod).flatMap((key) => zonesOf(volumes, key));
      return zones.length > 0 ? zones : undefined;
    },
    filter(zones, _pod, { labels }) {
      // A node that says nothing of zones is in all of them.
      if (!LABELS.some((label) => labels[label] !== undefined)) return undefined;
      return zones.every(({ label, values }) => values.includes(labels[label] ?? '')) ? undefined : rejection;
    },
  };
}

function zonesOf(volumes: Volumes, key: string): Zone[] {
  const claim = volumes.claims.get(key);
  const labels = (claim && volumes.volumeOf(claim))?.metadata.labels ?? {};
  return LABELS.flatMap((label) => {
    const value = labels[label];
    return value === undefined ? [] : [{ label, values: value.split(DELIMITER) }];
  });
}
