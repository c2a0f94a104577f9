import type { PersistentVolumeClaimSpec } from '../../../../lib/api/types.ts';

const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io';

/**
 * What a volume is filled from stands in an old field and in a new one, which are kept alike; the old one silently
 * takes only claims and snapshots. Source: k8s.io/kubernetes/pkg/api/persistentvolumeclaim/util.go.
 */
export function alignDataSources(spec: PersistentVolumeClaimSpec, old?: PersistentVolumeClaimSpec): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  const isKept = old?.dataSource || old?.dataSourceRef || spec.dataSourceRef;
  if (spec.dataSource && !isKept && !isClaimOrSnapshot(spec.dataSource)) delete spec.dataSource;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) {
    const { apiGroup, kind, name } = dataSource;
    spec.dataSourceRef = { apiGroup: apiGroup ?? NO_GROUP, kind, name };
  } else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef;
    spec.dataSource = { apiGroup: apiGroup ?? NO_GROUP, kind, name };
  }
}

/** Go writes this pointer even when it points nowhere. */
const NO_GROUP = null as never;

function isClaimOrSnapshot({ kind, apiGroup }: NonNullable<PersistentVolumeClaimSpec['dataSource']>): boolean {
  return apiGroup ? kind === 'VolumeSnapshot' && apiGroup === SNAPSHOT_GROUP : kind === 'PersistentVolumeClaim';
}
