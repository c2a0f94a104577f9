import { duplicateValue, invalidValue, notSupported, required, tooLong, tooMany } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkNotNegative, checkOneOf } from '../check.ts';
import { defaultPodTemplate } from '../pod-spec/defaults.ts';
import { checkPodTemplate } from '../pod-spec/template.ts';
import { checkSuccessPolicy } from './success-policy.ts';

export function defaultJobSpec(spec: JobSpec): void {
  defaultPodTemplate(spec.template);
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
}

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

/** Source: validateJobSpec in k8s.io/kubernetes/pkg/apis/batch/validation. */
export function checkJobSpec(causes: Cause[], spec: JobSpec, path: string): void {
  for (const field of COUNTS) checkNotNegative(causes, `${path}.${field}`, spec[field]);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    causes.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) checkManagedBy(causes, spec.managedBy, `${path}.managedBy`);
  checkCompletionMode(causes, spec, path);
  checkFailurePolicy(causes, spec, path);
  if (spec.successPolicy && spec.completionMode !== 'Indexed') {
    causes.push(invalidValue(`${path}.successPolicy`, spec.successPolicy, 'requires indexed completion mode'));
  } else if (spec.successPolicy) checkSuccessPolicy(causes, spec, `${path}.successPolicy`);
  checkReplacement(causes, spec, `${path}.podReplacementPolicy`);
  checkPodTemplate(causes, spec.template ?? {}, `${path}.template`);
  checkRestartPolicy(causes, spec, `${path}.template.spec.restartPolicy`);
}

const MANAGED_BY_MAX = 63;

function checkManagedBy(causes: Cause[], name: string, field: string): void {
  checkDomainPrefixedPath(causes, name, field);
  if (name.length > MANAGED_BY_MAX) causes.push(tooLong(field, MANAGED_BY_MAX));
}

/** `acme.io/foo`. Source: IsDomainPrefixedPath in k8s.io/apimachinery/pkg/util/validation. */
export function checkDomainPrefixedPath(causes: Cause[], value: string | undefined, field: string): void {
  if (!value) {
    causes.push(required(field));
    return;
  }
  const slash = value.indexOf('/');
  const [host, path] = [value.slice(0, slash), value.slice(slash + 1)];
  if (slash < 1 || !path) {
    causes.push(invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
    return;
  }
  checkFormat(causes, field, host, dns1123Subdomain);
  if (/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path)) return;
  const why = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
  causes.push(invalidValue(field, path, why));
}

const INDEXED_PARALLELISM_MAX = 100_000;

function checkCompletionMode(causes: Cause[], spec: JobSpec, path: string): void {
  const { completionMode, completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  if (completionMode !== undefined) {
    checkOneOf(causes, `${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed']);
  }
  if (completionMode === 'Indexed') {
    if (completions === undefined) causes.push(required(`${path}.completions`, 'when completion mode is Indexed'));
    if (parallelism > INDEXED_PARALLELISM_MAX) {
      const why = `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`;
      causes.push(invalidValue(`${path}.parallelism`, parallelism, why));
    }
    if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
      const why = 'must be less than or equal to completions';
      causes.push(invalidValue(`${path}.maxFailedIndexes`, maxFailedIndexes, why));
    }
    return;
  }
  const why = 'requires indexed completion mode';
  if (backoffLimitPerIndex !== undefined) {
    causes.push(invalidValue(`${path}.backoffLimitPerIndex`, backoffLimitPerIndex, why));
  }
  if (maxFailedIndexes !== undefined) causes.push(invalidValue(`${path}.maxFailedIndexes`, maxFailedIndexes, why));
}

const RULES_MAX = 20;

function checkFailurePolicy(causes: Cause[], spec: JobSpec, path: string): void {
  if (!spec.podFailurePolicy) return;
  const rules = spec.podFailurePolicy.rules ?? [];
  const at = `${path}.podFailurePolicy.rules`;
  if (rules.length > RULES_MAX) causes.push(tooMany(at, rules.length, RULES_MAX));
  rules.forEach((rule, i) => {
    checkFailureRule(causes, rule, spec, `${at}[${i}]`);
  });
}

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const quoted = (values: readonly string[]) => `valid values: [${values.map((value) => `"${value}"`).join(' ')}]`;

function checkFailureRule(causes: Cause[], rule: PodFailurePolicyRule, spec: JobSpec, path: string): void {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  if (!action) causes.push(required(`${path}.action`, quoted(ACTIONS)));
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    causes.push(invalidValue(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'));
  } else checkOneOf(causes, `${path}.action`, action, ACTIONS);
  if (onExitCodes) checkExitCodes(causes, onExitCodes, spec, `${path}.onExitCodes`);
  onPodConditions.forEach(({ type, status }, i) => {
    const at = `${path}.onPodConditions[${i}]`;
    checkFormat(causes, `${at}.type`, type ?? '', qualifiedName);
    checkOneOf(causes, `${at}.status`, status, ['False', 'True', 'Unknown']);
  });
  const both = Boolean(onExitCodes) && onPodConditions.length > 0;
  const none = !onExitCodes && onPodConditions.length === 0;
  if (both) causes.push(omitted(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (none) causes.push(omitted(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
}

/** An invalid value that is not shown. */
export function omitted(field: string, why: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${why}`, field };
}

const EXIT_CODES_MAX = 255;

function checkExitCodes(
  causes: Cause[],
  { operator, containerName, values: given }: PodFailurePolicyOnExitCodesRequirement,
  { template }: JobSpec,
  path: string,
): void {
  const values = given ?? [];
  if (!operator) causes.push(required(`${path}.operator`, quoted(['In', 'NotIn'])));
  else checkOneOf(causes, `${path}.operator`, operator, ['In', 'NotIn']);
  const containers = [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])];
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    causes.push(invalidValue(`${path}.containerName`, containerName, why));
  }
  if (values.length === 0) causes.push(invalidValue(`${path}.values`, values, 'at least one value is required'));
  if (values.length > EXIT_CODES_MAX) causes.push(tooMany(`${path}.values`, values.length, EXIT_CODES_MAX));
  values.forEach((value, i) => {
    const field = `${path}.values[${i}]`;
    if (operator === 'In' && value === 0) causes.push(invalidValue(field, 0, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < i) causes.push(duplicateValue(field, value));
  });
  if (values.some((value, i) => i > 0 && values[i - 1]! > value)) {
    causes.push(invalidValue(`${path}.values`, values, 'must be ordered'));
  }
}

function checkReplacement(causes: Cause[], { podReplacementPolicy, podFailurePolicy }: JobSpec, field: string): void {
  if (podReplacementPolicy === undefined) return;
  checkOneOf(causes, field, podReplacementPolicy, podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']);
}

function checkRestartPolicy(causes: Cause[], { template, podFailurePolicy }: JobSpec, field: string): void {
  const policy = template?.spec?.restartPolicy;
  if (!policy || policy === 'Always') causes.push(required(field, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never') {
    causes.push(notSupported(field, policy, ['OnFailure', 'Never']));
  } else if (podFailurePolicy && policy !== 'Never') {
    causes.push(invalidValue(field, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  }
}
