import { duplicateValue, invalidValue, required, tooLong } from '../../../../lib/api/causes.ts';
import { qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { StorageClass, TopologySelectorTerm } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkDeclaredImmutable, checkFormat, checkOneOf, checkRequired } from '../check.ts';
import { checkLabelKey } from '../metadata.ts';
import { deprecatedNodeLabel } from '../warnings/node-labels.ts';

const PARAMETERS_MAX = 512;
const PARAMETERS_MAX_BYTES = 256 * 1024;

/** Source: validateProvisioner and validateParameters in k8s.io/kubernetes/pkg/apis/storage/validation. */
export function checkProvisioner(causes: Cause[], name: string | undefined, field: string): void {
  if (checkRequired(causes, field, name)) checkFormat(causes, field, name!.toLowerCase(), qualifiedName);
}

export function checkParameters(causes: Cause[], parameters: Record<string, string> = {}, mayBeEmpty: boolean): void {
  const keys = Object.keys(parameters);
  if (keys.length > PARAMETERS_MAX) return void causes.push(tooLong('parameters', PARAMETERS_MAX));
  if (keys.includes('')) causes.push(invalidValue('parameters', '', 'field can not be empty.'));
  const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(key) + Buffer.byteLength(parameters[key]!), 0);
  if (bytes > PARAMETERS_MAX_BYTES) causes.push(tooLong('parameters', PARAMETERS_MAX_BYTES));
  if (!mayBeEmpty && keys.length === 0) {
    causes.push(required('parameters', 'must contain at least one key/value pair'));
  }
}

function checkTopologies(causes: Cause[], terms: TopologySelectorTerm[] = []): void {
  const shapes = terms.map(shapeOf);
  shapes.forEach((shape, i) => {
    if (shape !== EMPTY_SHAPE && shapes.indexOf(shape) === i) return;
    causes.push(duplicateValue(`allowedTopologies[${i}].matchLabelExpressions`, ''));
  });
  terms.forEach(({ matchLabelExpressions = [] }, i) => {
    const seen = new Set<string>();
    matchLabelExpressions.forEach(({ key, values: given }, j) => {
      const values = given ?? [];
      const path = `allowedTopologies[${i}].matchLabelExpressions[${j}]`;
      checkRequired(causes, `${path}.values`, values);
      values.forEach((value, k) => {
        if (values.indexOf(value) < k) causes.push(duplicateValue(`${path}.values[${k}]`, value));
      });
      checkLabelKey(causes, `${path}.key`, key);
      if (seen.has(key)) causes.push(duplicateValue(`${path}.key`, key));
      seen.add(key);
    });
  });
}

const EMPTY_SHAPE = '[]';

/** What a term selects, whatever its order: two terms of one shape are one too many, and so is an empty one. */
function shapeOf({ matchLabelExpressions = [] }: TopologySelectorTerm): string {
  const shape = matchLabelExpressions.map(({ key, values }) => [key, [...new Set(values)].sort()]);
  return JSON.stringify(shape.sort());
}

function validate(object: StorageClass): Cause[] {
  const causes: Cause[] = [];
  checkProvisioner(causes, object.provisioner, 'provisioner');
  checkParameters(causes, object.parameters, true);
  if (object.reclaimPolicy) checkOneOf(causes, 'reclaimPolicy', object.reclaimPolicy, ['Delete', 'Retain']);
  checkOneOf(causes, 'volumeBindingMode', object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
  checkTopologies(causes, object.allowedTopologies);
  return causes;
}

const FIXED = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;

export const storageClass: KindRules = {
  defaults(object: StorageClass) {
    object.reclaimPolicy ??= 'Delete';
    object.volumeBindingMode ??= 'Immediate';
  },
  validate,
  validateUpdate(object: StorageClass, old: StorageClass) {
    const causes: Cause[] = [];
    for (const field of FIXED) checkDeclaredImmutable(causes, field, object[field], old[field]);
    return causes;
  },
  warnings: ({ allowedTopologies = [] }: StorageClass) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) => {
        const why = deprecatedNodeLabel(key);
        return why ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${why}`] : [];
      }),
    ),
};
