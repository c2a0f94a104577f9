import { duplicateValue, invalidValue, notSupported } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { CertificateSigningRequest, CertificateSigningRequestSpec } from '../../../../lib/api/types.ts';
import type { KindRules, RuleContext } from '../../contract.ts';
import { checkImmutable, checkOneOf, checkRequired } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { keepStatus } from '../status.ts';
import { checkSignerName } from './signer-name.ts';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const SECONDS_MIN = 600;

/** Source: validateCertificateSigningRequest in k8s.io/kubernetes/pkg/apis/certificates/validation. */
function validate({ spec: given, status }: CertificateSigningRequest): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as CertificateSigningRequestSpec);
  const { usages = [], expirationSeconds: seconds } = spec;
  const fault = requestFault(spec.request ?? '');
  if (fault) causes.push(invalidValue('spec.request', spec.request ?? '', fault));
  checkRequired(causes, 'spec.usages', usages);
  usages.forEach((usage, i) => {
    if (!USAGES.includes(usage)) causes.push(notSupported(`spec.usages[${i}]`, usage, USAGES));
    if (usages.indexOf(usage) < i) causes.push(duplicateValue(`spec.usages[${i}]`, usage));
  });
  checkSignerName(causes, spec.signerName ?? '', 'spec.signerName');
  if (seconds !== undefined && seconds < SECONDS_MIN) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    causes.push(invalidValue('spec.expirationSeconds', seconds, why));
  }
  checkConditions(causes, status?.conditions ?? []);
  return causes;
}

function requestFault(request: string): string | undefined {
  const pem = Buffer.from(request, 'base64').toString();
  const type = /-----BEGIN ([^-]+)-----[^-]*-----END \1-----/.exec(pem)?.[1];
  return type === 'CERTIFICATE REQUEST' ? undefined : 'PEM block type must be CERTIFICATE REQUEST';
}

type Conditions = NonNullable<NonNullable<CertificateSigningRequest['status']>['conditions']>;

function checkConditions(causes: Cause[], conditions: Conditions): void {
  const path = 'status.conditions';
  conditions.forEach(({ type, status }, i) => {
    checkRequired(causes, `${path}[${i}].type`, type);
    if (type === 'Approved' || type === 'Denied' || type === 'Failed') {
      checkOneOf(causes, `${path}[${i}].status`, status, ['True']);
    } else checkOneOf(causes, `${path}[${i}].status`, status, ['True', 'False', 'Unknown']);
    if (conditions.findIndex((other) => other.type === type) < i)
      causes.push(duplicateValue(`${path}[${i}].type`, type));
  });
  const types = conditions.map(({ type }) => type);
  if (types.includes('Approved') && types.includes('Denied')) {
    causes.push(
      invalidValue(
        `${path}[${types.indexOf('Denied')}].type`,
        'Denied',
        'Approved and Denied conditions are mutually exclusive',
      ),
    );
  }
}

/** Who asks is written down by the server. Source: csrStrategy.PrepareForCreate. */
function prepareForCreate(object: CertificateSigningRequest, { user }: RuleContext): void {
  const spec = object.spec ?? ({} as CertificateSigningRequestSpec);
  const { username, uid, groups, extra } = user;
  object.spec = { ...spec, username, uid, groups: [...groups], extra: extra as CertificateSigningRequestSpec['extra'] };
  if (!uid) delete object.spec.uid;
  if (!extra || Object.keys(extra).length === 0) delete object.spec.extra;
  object.status = {};
}

/** When a condition came, and when its status last changed. Source: populateConditionTimestamps. */
function stampConditions({ status }: CertificateSigningRequest, old: CertificateSigningRequest, now: string): void {
  for (const condition of status?.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    condition.lastTransitionTime ??=
      old.status?.conditions?.find(({ type, status }) => type === condition.type && status === condition.status)
        ?.lastTransitionTime ?? now;
  }
}

const isDecision = (type: string) => type === 'Approved' || type === 'Denied';

export const certificateSigningRequest: KindRules = {
  prepareForCreate,
  prepareForUpdate(object: CertificateSigningRequest, old: CertificateSigningRequest) {
    object.spec = old.spec;
    keepStatus(object, old);
  },
  /** The signer writes the certificate; only /approval decides. */
  prepareForStatusUpdate(object: CertificateSigningRequest, old: CertificateSigningRequest, { now }: RuleContext) {
    object.spec = old.spec;
    stampConditions(object, old, now);
    const decided = old.status?.conditions?.filter(({ type }) => isDecision(type)) ?? [];
    const others = object.status?.conditions?.filter(({ type }) => !isDecision(type)) ?? [];
    const conditions = [...decided, ...others];
    object.status = { ...object.status, conditions: conditions.length > 0 ? conditions : undefined };
  },
  subresources: {
    approval: {
      prepareForUpdate(object: CertificateSigningRequest, old: CertificateSigningRequest, { now }: RuleContext) {
        object.spec = old.spec;
        stampConditions(object, old, now);
        object.status = { ...old.status, conditions: object.status?.conditions };
      },
      validateUpdate: validate,
    },
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate(object: CertificateSigningRequest, old: CertificateSigningRequest) {
    const causes: Cause[] = [];
    checkConditions(causes, object.status?.conditions ?? []);
    const before = old.status?.certificate;
    if (before && !semanticEqual(object.status?.certificate, before)) {
      checkImmutable(causes, 'status.certificate', '<certificate data>', before);
    }
    return causes;
  },
  selectableFields: {
    'spec.signerName': ({ spec }: CertificateSigningRequest) => spec?.signerName ?? '',
  },
};
