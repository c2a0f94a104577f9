import { forbiddenField } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PriorityClass } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkOneOf } from '../check.ts';

const USER_MAX = 1_000_000_000;
const SYSTEM: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2 * USER_MAX,
  'system-node-critical': 2 * USER_MAX + 1000,
};

/** Source: ValidatePriorityClass in k8s.io/kubernetes/pkg/apis/scheduling/validation. */
function validate(object: PriorityClass): Cause[] {
  const causes: Cause[] = [];
  const name = object.metadata?.name ?? '';
  if (name.startsWith('system-')) checkSystem(causes, object, name);
  else if ((object.value ?? 0) > USER_MAX) {
    causes.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${USER_MAX}`));
  }
  if (object.preemptionPolicy !== undefined) {
    checkOneOf(causes, 'preemptionPolicy', object.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  }
  return causes;
}

function checkSystem(causes: Cause[], { value = 0, globalDefault = false }: PriorityClass, name: string): void {
  const fault = systemFault(name, value, globalDefault);
  if (!fault) return;
  const why = `priority class names with 'system-' prefix are reserved for system use only. error: ${fault}`;
  causes.push(forbiddenField('metadata.name', why));
}

function systemFault(name: string, value: number, globalDefault: boolean): string | undefined {
  const expected = SYSTEM[name];
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

export const priorityClass: KindRules = {
  defaults(object: PriorityClass) {
    object.value ??= 0;
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate,
  validateUpdate(object: PriorityClass, old: PriorityClass) {
    const causes: Cause[] = [];
    if (object.value !== old.value) causes.push(forbiddenField('value', 'may not be changed in an update.'));
    checkImmutable(causes, 'preemptionPolicy', object.preemptionPolicy, old.preemptionPolicy);
    return causes;
  },
  /** Starts at one and stays there. */
  generationFrom: [],
};
