import { forbiddenField, notSupported, required, tooLong } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, pathSegment } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { IngressClass, IngressClassParametersReference } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkDomainPrefixedPath } from '../batch/job-spec.ts';
import { checkFormat, checkImmutable, checkRequired } from '../check.ts';

/** Source: validateIngressTypedLocalObjectReference in k8s.io/kubernetes/pkg/apis/networking/validation. */
export function checkTypedReference(
  causes: Cause[],
  reference: { apiGroup?: string | undefined; kind: string; name: string },
  path: string,
): void {
  const { apiGroup, kind, name } = reference;
  if (apiGroup) checkFormat(causes, `${path}.apiGroup`, apiGroup, dns1123Subdomain);
  if (checkRequired(causes, `${path}.kind`, kind)) checkFormat(causes, `${path}.kind`, kind, pathSegment);
  if (checkRequired(causes, `${path}.name`, name)) checkFormat(causes, `${path}.name`, name, pathSegment);
}

const CONTROLLER_MAX = 250;

/** Source: ValidateIngressClass. */
function validate({ spec = {} }: IngressClass): Cause[] {
  const causes: Cause[] = [];
  const { controller = '', parameters } = spec;
  if (controller.length > CONTROLLER_MAX) causes.push(tooLong('spec.controller', CONTROLLER_MAX));
  checkDomainPrefixedPath(causes, controller, 'spec.controller');
  if (parameters) checkParameters(causes, parameters, 'spec.parameters');
  return causes;
}

function checkParameters(causes: Cause[], parameters: IngressClassParametersReference, path: string): void {
  checkTypedReference(causes, parameters, path);
  const { scope, namespace } = parameters;
  if (!scope) causes.push(required(`${path}.scope`));
  else if (scope === 'Cluster') {
    if (namespace === undefined) return;
    causes.push(forbiddenField(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  } else if (scope !== 'Namespace') causes.push(notSupported(`${path}.scope`, scope, ['Cluster', 'Namespace']));
  else if (namespace === undefined) {
    causes.push(required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'"));
  } else checkFormat(causes, `${path}.namespace`, namespace, dns1123Label);
}

export const ingressClass: KindRules = {
  defaults({ spec }: IngressClass) {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
  },
  validate,
  validateUpdate(object: IngressClass, old: IngressClass) {
    const causes: Cause[] = [];
    checkImmutable(causes, 'spec.controller', object.spec?.controller, old.spec?.controller);
    return [...causes, ...validate(object)];
  },
  generationFrom: ['spec'],
};
