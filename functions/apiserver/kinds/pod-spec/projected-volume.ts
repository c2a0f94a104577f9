import { forbiddenField, invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  ClusterTrustBundleProjection,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../../../lib/api/types.ts';
import { checkOneOf, checkRequired } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { checkLocalNonReservedPath } from './paths.ts';
import { checkDownwardFile, checkFileMode, checkKeysToPaths } from './volume-files.ts';

/** Source: validateProjectionSources in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkProjected(causes: Cause[], source: ProjectedVolumeSource, path: string): void {
  checkFileMode(causes, source.defaultMode, `${path}.defaultMode`);
  const paths = new Paths(causes, path);
  source.sources?.forEach((projection, i) => {
    const at = `${path}.sources[${i}]`;
    checkProjection(causes, projection, paths, path, at);
    if (Object.values(projection).filter(Boolean).length > 1) {
      causes.push(forbiddenField(at, 'may not specify more than 1 volume type per source'));
    }
  });
}

/** All sources write into one directory. */
class Paths {
  readonly #seen = new Set<string>();
  readonly #causes: Cause[];
  readonly #field: string;

  constructor(causes: Cause[], field: string) {
    this.#causes = causes;
    this.#field = field;
  }

  take(path: string | undefined, blamed: string): void {
    if (!path) return;
    if (this.#seen.has(path)) this.#causes.push(invalidValue(this.#field, blamed, 'conflicting duplicate paths'));
    this.#seen.add(path);
  }
}

function checkProjection(causes: Cause[], source: VolumeProjection, paths: Paths, volume: string, at: string): void {
  for (const kind of ['secret', 'configMap'] as const) {
    const keyed = source[kind];
    if (!keyed) continue;
    checkRequired(causes, `${at}.${kind}.name`, keyed.name);
    checkKeysToPaths(causes, keyed.items, `${at}.${kind}.items`);
    for (const item of keyed.items ?? []) paths.take(item.path, keyed.name ?? '');
  }
  for (const file of source.downwardAPI?.items ?? []) {
    checkDownwardFile(causes, file, `${at}.downwardAPI`);
    paths.take(file.path, file.path);
  }
  if (source.serviceAccountToken) checkToken(causes, source.serviceAccountToken, volume, `${at}.serviceAccountToken`);
  if (source.clusterTrustBundle) checkTrustBundle(causes, source.clusterTrustBundle, paths, `${at}.clusterTrustBundle`);
  if (source.podCertificate) checkCertificate(causes, source.podCertificate, paths, `${at}.podCertificate`);
}

const TEN_MINUTES = 600;

function checkToken(causes: Cause[], token: ServiceAccountTokenProjection, volume: string, at: string): void {
  const { expirationSeconds: seconds } = token;
  const field = `${at}.expirationSeconds`;
  if (seconds === undefined) causes.push(required(field));
  else if (seconds < TEN_MINUTES) {
    causes.push(invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'));
  } else if (seconds > 2 ** 32) {
    causes.push(invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  // Upstream names the volume here, not the source.
  if (!token.path) causes.push(required(`${volume}.path`));
  else checkLocalNonReservedPath(causes, token.path, `${volume}.path`);
}

function checkTrustBundle(causes: Cause[], bundle: ClusterTrustBundleProjection, paths: Paths, at: string): void {
  if (bundle.name !== undefined && bundle.signerName !== undefined) {
    causes.push(invalidValue(at, bundle, 'only one of name and signerName may be used'));
  } else if (bundle.name !== undefined) {
    checkRequired(causes, `${at}.name`, bundle.name, 'must be a valid object name');
    if (bundle.labelSelector) {
      const why = 'labelSelector must be unset if name is specified';
      causes.push(invalidValue(`${at}.labelSelector`, bundle.labelSelector, why));
    }
  } else if (bundle.signerName !== undefined) {
    checkRequired(causes, `${at}.signerName`, bundle.signerName, 'must be a valid signer name');
    checkLabelSelector(causes, bundle.labelSelector, `${at}.labelSelector`);
  } else causes.push(required(at, 'either name or signerName must be specified'));
  checkRequired(causes, `${at}.path`, bundle.path);
  checkLocalNonReservedPath(causes, bundle.path ?? '', `${at}.path`);
  paths.take(bundle.path, bundle.path);
}

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const ONE_HOUR = 3600;
const ONE_DAY = 24 * ONE_HOUR;
const NINETY_ONE_DAYS = 91 * ONE_DAY;

/** Source: pkg/apis/core/validation IsKubernetesSignerName. */
function isKubernetesSigner(signerName: string): boolean {
  const [domain = ''] = (signerName ?? '').split('/');
  return domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io');
}

function checkCertificate(causes: Cause[], certificate: PodCertificateProjection, paths: Paths, at: string): void {
  checkRequired(causes, `${at}.signerName`, certificate.signerName);
  checkOneOf(causes, `${at}.keyType`, certificate.keyType, KEY_TYPES);
  const { maxExpirationSeconds: seconds } = certificate;
  if (seconds !== undefined && seconds < ONE_HOUR) {
    const why = 'if provided, maxExpirationSeconds must be >= 3600';
    causes.push(invalidValue(`${at}.maxExpirationSeconds`, seconds, why));
  }
  const longest = isKubernetesSigner(certificate.signerName) ? ONE_DAY : NINETY_ONE_DAYS;
  if (seconds !== undefined && seconds > longest) {
    const why = `if provided, maxExpirationSeconds must be <= ${longest}`;
    causes.push(invalidValue(`${at}.maxExpirationSeconds`, seconds, why));
  }
  const fields = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter((f) => certificate[f]);
  for (const field of fields) {
    checkLocalNonReservedPath(causes, certificate[field]!, `${at}.${field}`);
    paths.take(certificate[field], certificate[field]!);
  }
  if (fields.length > 0) return;
  causes.push(required(at, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
}
