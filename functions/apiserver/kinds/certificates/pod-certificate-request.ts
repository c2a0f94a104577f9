import { invalidValue, required, tooLong } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PodCertificateRequest, PodCertificateRequestSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';
import { checkSignerName, isKubernetesSigner } from './signer-name.ts';

const UID_MAX_BYTES = 128;
const HOUR = 3600;
const DAY = 24 * HOUR;
const OTHER_SIGNERS_DAYS = 91;

/** Source: ValidatePodCertificateRequestCreate in k8s.io/kubernetes/pkg/apis/certificates/validation. The request itself is stored, not parsed. */
function validate({ spec: given }: PodCertificateRequest): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as PodCertificateRequestSpec);
  checkSignerName(causes, spec.signerName ?? '', 'spec.signerName');
  for (const owner of ['pod', 'serviceAccount', 'node'] as const) {
    checkFormat(causes, `spec.${owner}Name`, spec[`${owner}Name`] ?? '', dns1123Subdomain);
    checkUid(causes, spec[`${owner}UID`] ?? '', `spec.${owner}UID`);
  }
  const lifetimeGiven = checkLifetime(causes, spec);
  if (lifetimeGiven && !spec.stubPKCS10Request) {
    const why = 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
    causes.push({ ...invalidValue('spec', '', ''), message: `Invalid value: ${why}` });
  }
  return causes;
}

function checkUid(causes: Cause[], uid: string, field: string): void {
  if (uid === '') causes.push(invalidValue(field, uid, 'must not be empty'));
  if (uid.length > UID_MAX_BYTES) causes.push(tooLong(field, UID_MAX_BYTES));
}

function checkLifetime(causes: Cause[], { maxExpirationSeconds: seconds, signerName }: PodCertificateRequestSpec) {
  const field = 'spec.maxExpirationSeconds';
  if (seconds === undefined) {
    causes.push(required(field, 'must be set'));
    return false;
  }
  const max = isKubernetesSigner(signerName ?? '') ? DAY : OTHER_SIGNERS_DAYS * DAY;
  if (seconds < HOUR || seconds > max) {
    causes.push(invalidValue(field, seconds, `must be in the range [${HOUR}, ${max}]`));
  }
  return true;
}

export const podCertificateRequest: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  createOnUpdate: false,
  unconditionalUpdate: false,
  defaults({ spec }: PodCertificateRequest) {
    if (spec) spec.maxExpirationSeconds ??= DAY;
  },
  validate,
  validateUpdate(object: PodCertificateRequest, old: PodCertificateRequest) {
    const causes: Cause[] = [];
    checkImmutable(causes, 'spec', object.spec, old.spec);
    return causes;
  },
  selectableFields: {
    'spec.signerName': ({ spec }: PodCertificateRequest) => spec?.signerName ?? '',
    'spec.podName': ({ spec }: PodCertificateRequest) => spec?.podName ?? '',
    'spec.nodeName': ({ spec }: PodCertificateRequest) => spec?.nodeName ?? '',
  },
};
