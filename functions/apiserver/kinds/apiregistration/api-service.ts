import { invalidValue } from '../../../../lib/api/causes.ts';
import { dns1035Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { APIService, APIServiceSpec } from '../../../../lib/api/types.ts';
import type { KindRules, RuleContext } from '../../contract.ts';
import { checkRequired } from '../check.ts';
import { keepStatus, onlyStatus } from '../status.ts';

const GROUP_PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;

/** Source: ValidateAPIService in k8s.io/kube-aggregator/pkg/apis/apiregistration/validation. */
function validate({ metadata, spec: given }: APIService): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as APIServiceSpec);
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const name = `${version}.${group}`;
  if (metadata?.name !== name) {
    causes.push(
      invalidValue('metadata.name', metadata?.name ?? '', `must be \`spec.version+"."+spec.group\`: "${name}"`),
    );
  }
  const groupFaults = group ? dns1123Subdomain(group) : [];
  if (groupFaults.length > 0) causes.push(invalidValue('spec.group', group, groupFaults.join(',')));
  const versionFaults = dns1035Label(version);
  if (versionFaults.length > 0) causes.push(invalidValue('spec.version', version, versionFaults.join(',')));
  checkPriority(causes, groupPriorityMinimum, GROUP_PRIORITY_MAX, 'spec.groupPriorityMinimum');
  checkPriority(causes, versionPriority, VERSION_PRIORITY_MAX, 'spec.versionPriority');
  if (spec.service) checkService(causes, spec);
  else if (spec.caBundle?.length)
    causes.push(invalidValue('spec.caBundle', '0 bytes', 'local APIServices may not have a caBundle'));
  else if (spec.insecureSkipTLSVerify) {
    const why = 'local APIServices may not have insecureSkipTLSVerify';
    causes.push(invalidValue('spec.insecureSkipTLSVerify', true, why));
  }
  return causes;
}

function checkPriority(causes: Cause[], value: number, max: number, field: string): void {
  if (value > 0 && value <= max) return;
  causes.push(invalidValue(field, value, `must be positive and less than ${max}`));
}

function checkService(causes: Cause[], { service, caBundle, insecureSkipTLSVerify }: APIServiceSpec): void {
  checkRequired(causes, 'spec.service.namespace', service?.namespace);
  checkRequired(causes, 'spec.service.name', service?.name);
  if (insecureSkipTLSVerify && caBundle?.length) {
    causes.push(invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
  }
}

export const apiService: KindRules = {
  defaults({ spec }: APIService) {
    if (spec?.service) spec.service.port ??= 443;
  },
  /** A local one needs nobody to answer for it. Source: apiServerStrategy.PrepareForCreate. */
  prepareForCreate(object: APIService, { now }: RuleContext) {
    const local = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: now,
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    object.status = object.spec?.service ? {} : { conditions: [local] };
  },
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: onlyStatus,
  validate,
  validateUpdate: validate,
};
