import { invalidValue, tooLong } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ClusterTrustBundle } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable } from '../check.ts';
import { checkSignerName } from './signer-name.ts';
import { isTooLargeBundle, TRUST_BUNDLE_MAX_BYTES, trustBundleFaults } from './trust-anchors.ts';

function validate({ metadata, spec }: ClusterTrustBundle): Cause[] {
  const causes: Cause[] = [];
  const signerName = spec?.signerName ?? '';
  for (const fault of nameFaults(metadata?.name ?? '', signerName)) {
    causes.push(invalidValue('metadata.name', metadata?.name ?? '', fault));
  }
  if (signerName !== '') checkSignerName(causes, signerName, 'spec.signerName');
  return causes;
}

/** A bundle of a signer carries its name in front. Source: ValidateClusterTrustBundleName in k8s.io/kubernetes/pkg/apis/core/validation/names.go. */
function nameFaults(name: string, signerName: string): string[] {
  if (signerName === '') {
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : dns1123Subdomain(name);
  }
  const prefix = `${signerName.replaceAll('/', ':')}:`;
  if (!name.startsWith(prefix)) {
    return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
  }
  return dns1123Subdomain(name.slice(prefix.length));
}

function checkBundle(causes: Cause[], bundle: string): void {
  const field = 'spec.trustBundle';
  if (isTooLargeBundle(bundle)) return void causes.push(tooLong(field, TRUST_BUNDLE_MAX_BYTES));
  for (const fault of trustBundleFaults(bundle)) causes.push(invalidValue(field, '<value omitted>', fault));
}

export const clusterTrustBundle: KindRules = {
  nameFormat: 'pathSegment',
  createOnUpdate: false,
  unconditionalUpdate: false,
  validate(object: ClusterTrustBundle) {
    const causes = validate(object);
    checkBundle(causes, object.spec?.trustBundle ?? '');
    return causes;
  },
  validateUpdate(object: ClusterTrustBundle, old: ClusterTrustBundle) {
    const causes = validate(object);
    if (object.spec?.trustBundle !== old.spec?.trustBundle) checkBundle(causes, object.spec?.trustBundle ?? '');
    checkImmutable(causes, 'spec.signerName', object.spec?.signerName ?? '', old.spec?.signerName ?? '');
    return causes;
  },
  selectableFields: {
    'spec.signerName': ({ spec }: ClusterTrustBundle) => spec?.signerName ?? '',
  },
};
