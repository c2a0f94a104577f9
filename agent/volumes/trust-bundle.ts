import { X509Certificate } from 'node:crypto';
import { fromLabelSelector } from '../../lib/api/selectors.ts';
import type { ClusterTrustBundle, ClusterTrustBundleProjection } from '../../lib/api/types.ts';
import { VolumeError } from './payload.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of the bundles that a projection names, each once (KEP-3257). Source: clustertrustbundle_manager.go. */
export function trustBundle(source: ClusterTrustBundleProjection, all: readonly ClusterTrustBundle[]): string {
  const found = all.filter((bundle) => isMeant(source, bundle));
  if (found.length > 0 || source.optional) return certificates(found);
  if (source.name) throw new VolumeError(`clustertrustbundle "${source.name}" not found`);
  throw new VolumeError('combination of signerName and labelSelector matched zero ClusterTrustBundles');
}

/** A missing selector selects nothing, an empty one everything. */
function isMeant(source: ClusterTrustBundleProjection, { metadata, spec }: ClusterTrustBundle): boolean {
  if (source.name) return metadata?.name === source.name;
  return (
    spec.signerName === source.signerName && fromLabelSelector(source.labelSelector).matches(metadata?.labels ?? {})
  );
}

/** As they are encoded, so that comments and order in the bundles do not matter. */
function certificates(bundles: readonly ClusterTrustBundle[]): string {
  const blocks = bundles.flatMap(({ spec }) => spec.trustBundle.match(CERTIFICATE) ?? []);
  return [...new Set(blocks.map((block) => new X509Certificate(block).toString()))].sort().join('');
}
