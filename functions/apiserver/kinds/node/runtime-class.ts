import { duplicateValue } from '../../../../lib/api/causes.ts';
import { dns1123Label } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { RuntimeClass, Toleration } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkDeclaredImmutable, checkFormat, checkRequired } from '../check.ts';
import { checkLabels } from '../metadata.ts';
import { checkRequirements } from '../pod-spec/resources.ts';
import { checkTolerations } from '../pod-spec/scheduling.ts';
import { canonicalizeResources } from '../resource-list.ts';
import { warnOfNodeLabels } from '../warnings/node-labels.ts';

/** Source: ValidateRuntimeClass in k8s.io/kubernetes/pkg/apis/node/validation. */
function validate({ handler, overhead, scheduling }: RuntimeClass): Cause[] {
  const causes: Cause[] = [];
  if (checkRequired(causes, 'handler', handler)) checkFormat(causes, 'handler', handler, dns1123Label);
  checkRequirements(causes, { limits: overhead?.podFixed }, 'overhead');
  checkLabels(causes, scheduling?.nodeSelector, 'scheduling.nodeSelector');
  checkUnique(causes, scheduling?.tolerations ?? []);
  return causes;
}

function checkUnique(causes: Cause[], tolerations: Toleration[]): void {
  const path = 'scheduling.tolerations';
  checkTolerations(causes, tolerations, path);
  const seen = new Set<string>();
  tolerations.forEach((toleration, i) => {
    const { key, operator, value, effect } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    if (seen.has(identity)) causes.push(duplicateValue(`${path}[${i}]`, toleration));
    seen.add(identity);
  });
}

export const runtimeClass: KindRules = {
  defaults({ overhead }: RuntimeClass) {
    canonicalizeResources(overhead?.podFixed);
  },
  validate,
  validateUpdate(object: RuntimeClass, old: RuntimeClass) {
    const causes: Cause[] = [];
    checkDeclaredImmutable(causes, 'handler', object.handler, old.handler);
    return causes;
  },
  createOnUpdate: true,
  unconditionalUpdate: false,
  warnings({ scheduling }: RuntimeClass) {
    const warnings: string[] = [];
    warnOfNodeLabels(warnings, scheduling?.nodeSelector, () => 'scheduling.nodeSelector');
    return warnings;
  },
};
