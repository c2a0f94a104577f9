import type { Cause } from '../../../../lib/api/status.ts';
import type { ResourceResourceClaim as ResourceClaim, ResourceClaimTemplate } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkDeclaredImmutable, checkImmutable } from '../check.ts';
import { checkAnnotations, checkLabels } from '../metadata.ts';
import { onlyStatus, statusKept } from '../status.ts';
import { checkClaimSpec, defaultClaimSpec } from './device-claim.ts';

function validateClaim({ spec }: ResourceClaim): Cause[] {
  const causes: Cause[] = [];
  checkClaimSpec(causes, spec, 'spec');
  return causes;
}

export const resourceClaim: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  defaults({ spec }: ResourceClaim) {
    defaultClaimSpec(spec);
  },
  validate: validateClaim,
  validateUpdate(object: ResourceClaim, old: ResourceClaim) {
    const causes: Cause[] = [];
    checkDeclaredImmutable(causes, 'spec', object.spec, old.spec);
    return causes;
  },
};

function validateTemplate({ spec }: ResourceClaimTemplate): Cause[] {
  const causes: Cause[] = [];
  checkLabels(causes, spec?.metadata?.labels, 'spec.metadata.labels');
  checkAnnotations(causes, spec?.metadata?.annotations, 'spec.metadata.annotations');
  checkClaimSpec(causes, spec?.spec, 'spec.spec');
  return causes;
}

export const resourceClaimTemplate: KindRules = {
  defaults({ spec }: ResourceClaimTemplate) {
    if (!spec) return;
    spec.metadata ??= {};
    defaultClaimSpec(spec.spec);
  },
  validate: validateTemplate,
  validateUpdate(object: ResourceClaimTemplate, old: ResourceClaimTemplate) {
    const causes: Cause[] = [];
    checkImmutable(causes, 'spec', object.spec, old.spec);
    return causes;
  },
};
