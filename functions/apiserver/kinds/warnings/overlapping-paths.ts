import type { Volume, VolumeProjection } from '../../../../lib/api/types.ts';

interface Target {
  readonly path: string;
  /** What puts it there, where a volume has several sources. */
  readonly source: string;
}

/** Keys that are written to the same place, or into each other's. Source: warningsForOverlappingVirtualPaths in k8s.io/kubernetes/pkg/api/pod. */
export function warnOfOverlaps(warnings: string[], { name, configMap, secret, downwardAPI, projected }: Volume): void {
  const quoted = JSON.stringify(name);
  const warn = (what: string, targets: readonly Target[]) => {
    for (const overlap of overlaps(targets)) {
      warnings.push(`volume ${quoted} (${what}): overlapping paths: ${overlap}`);
    }
  };
  if (configMap?.items) warn(`ConfigMap ${JSON.stringify(configMap.name ?? '')}`, targetsOf(configMap.items));
  if (secret?.items) warn(`Secret ${JSON.stringify(secret.secretName ?? '')}`, targetsOf(secret.items));
  if (downwardAPI?.items) warn('DownwardAPI', targetsOf(downwardAPI.items));
  if (!projected) return;
  const sources = projected.sources ?? [];
  for (const source of sources) {
    if (Object.keys(source).length === 0) warnings.push(`volume ${quoted} (Projected) has no sources provided`);
  }
  warn('Projected', sources.flatMap(projectedTargets));
}

function targetsOf(items: readonly { path: string }[], source = ''): Target[] {
  return items.map(({ path }) => ({ path: path.replace(/\/+$/, ''), source }));
}

function projectedTargets(projection: VolumeProjection): Target[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection;
  if (configMap?.items) return targetsOf(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items) return targetsOf(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items) return targetsOf(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken) return targetsOf([serviceAccountToken], 'ServiceAccountToken');
  if (clusterTrustBundle) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '';
    return targetsOf([clusterTrustBundle], `ClusterTrustBundle ${JSON.stringify(name)}`);
  }
  const { certificateChainPath, keyPath, credentialBundlePath } = podCertificate ?? {};
  return [
    ...targetsOf([{ path: certificateChainPath ?? '' }], 'PodCertificate chain'),
    ...targetsOf([{ path: keyPath ?? '' }], 'PodCertificate key'),
    ...targetsOf([{ path: credentialBundlePath ?? '' }], 'PodCertificate credential bundle'),
  ];
}

function overlaps(targets: readonly Target[]): string[] {
  return targets.flatMap((target, i) =>
    targets
      .slice(0, i)
      .filter((earlier) => contains(earlier.path, target.path) || contains(target.path, earlier.path))
      .map((earlier) => `${shown(target)} with ${shown(earlier)}`),
  );
}

const contains = (outer: string, inner: string) => outer !== '' && inner !== '' && `${inner}/`.startsWith(`${outer}/`);

const shown = ({ path, source }: Target) => JSON.stringify(path) + (source ? ` (${source})` : '');
