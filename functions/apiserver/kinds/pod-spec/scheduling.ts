import { duplicateValue, forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { labelValue, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PodSchedulingGate, Taint, Toleration, TopologySpreadConstraint } from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { checkLabelKey } from '../metadata.ts';
import { checkMatchLabelKeys } from './affinity.ts';

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Source: ValidateTolerations in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkTolerations(causes: Cause[], tolerations: Toleration[] | undefined, path: string): void {
  tolerations?.forEach((toleration, i) => {
    checkToleration(causes, toleration, `${path}[${i}]`);
  });
}

function checkToleration(causes: Cause[], toleration: Toleration, path: string): void {
  const { key, operator, effect, tolerationSeconds } = toleration;
  if (key) checkLabelKey(causes, `${path}.key`, key);
  else if (operator !== 'Exists') {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    causes.push(invalidValue(`${path}.operator`, operator ?? '', why));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    causes.push(invalidValue(`${path}.effect`, effect ?? '', why));
  }
  checkTolerationValue(causes, toleration, path);
  if (effect) checkOneOf(causes, `${path}.effect`, effect, TAINT_EFFECTS);
}

function checkTolerationValue(causes: Cause[], { operator, value = '' }: Toleration, path: string): void {
  const field = `${path}.operator`;
  if (!operator || operator === 'Equal') {
    const faults = labelValue(value);
    if (faults.length > 0) causes.push(invalidValue(field, value, faults.join(';')));
  } else if (operator === 'Exists') {
    if (value) causes.push(invalidValue(field, value, "value must be empty when `operator` is 'Exists'"));
  } else if (operator === 'Lt' || operator === 'Gt') {
    causes.push(notSupported(field, operator, ['Equal', 'Exists', 'Lt', 'Gt']));
  } else causes.push(notSupported(field, operator, ['Equal', 'Exists']));
}

/** On update a toleration may be added, and its seconds changed. Source: validateOnlyAddedTolerations. */
export function checkOnlyAddedTolerations(
  causes: Cause[],
  now: Toleration[],
  before: Toleration[],
  path: string,
): void {
  const same = (a: Toleration, b: Toleration) =>
    semanticEqual({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined });
  if (before.every((old) => now.some((toleration) => same(toleration, old)))) checkTolerations(causes, now, path);
  else causes.push(forbiddenField(path, 'existing toleration can not be modified except its tolerationSeconds'));
}

/** A Node's. Source: validateNodeTaints. */
export function checkTaints(causes: Cause[], taints: Taint[] | undefined, path: string): void {
  const seen = new Set<string>();
  taints?.forEach((taint, i) => {
    const at = `${path}[${i}]`;
    checkLabelKey(causes, `${at}.key`, taint.key ?? '');
    const faults = labelValue(taint.value ?? '');
    if (faults.length > 0) causes.push(invalidValue(`${at}.value`, taint.value, faults.join(';')));
    if (!taint.effect) causes.push(required(`${at}.effect`));
    else checkOneOf(causes, `${at}.effect`, taint.effect, TAINT_EFFECTS);
    const pair = `${taint.effect} ${taint.key}`;
    if (seen.has(pair)) causes.push(duplicateTaint(at, taint));
    seen.add(pair);
  });
}

/** Upstream prints its internal type here, whose fields carry Go's names. */
function duplicateTaint(field: string, { key, value = '', effect, timeAdded }: Taint): Cause {
  const cause = duplicateValue(field, { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null });
  return { ...cause, message: `${cause.message}: taints must be unique by key and effect pair` };
}

export function checkSchedulingGates(causes: Cause[], gates: PodSchedulingGate[] | undefined, path: string): void {
  const seen = new Set<string>();
  gates?.forEach(({ name }, i) => {
    checkFormat(causes, `${path}[${i}]`, name ?? '', qualifiedName);
    if (seen.has(name)) causes.push(duplicateValue(`${path}[${i}]`, name));
    seen.add(name);
  });
}

export function checkOnlyDeletedGates(
  causes: Cause[],
  now: PodSchedulingGate[] = [],
  before: PodSchedulingGate[] = [],
  path: string,
): void {
  now.forEach(({ name }, i) => {
    if (before.some((gate) => gate.name === name)) return;
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`;
    causes.push(forbiddenField(`${path}[${i}].name`, why));
  });
}

const SCHEDULE_ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];
const INCLUSION_POLICIES = ['Honor', 'Ignore'];

/** Source: validateTopologySpreadConstraints. */
export function checkTopologySpread(causes: Cause[], constraints: TopologySpreadConstraint[] = [], path: string): void {
  constraints.forEach((constraint, i) => {
    const at = `${path}[${i}]`;
    checkPositive(causes, constraint.maxSkew ?? 0, `${at}.maxSkew`);
    if (!constraint.topologyKey) causes.push(required(`${at}.topologyKey`, 'can not be empty'));
    checkOneOf(causes, `${at}.whenUnsatisfiable`, constraint.whenUnsatisfiable, SCHEDULE_ACTIONS);
    checkNotRepeated(causes, constraint, constraints.slice(i + 1), at);
    checkMinDomains(causes, constraint, `${at}.minDomains`);
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      if (constraint[field] !== undefined) checkOneOf(causes, `${at}.${field}`, constraint[field], INCLUSION_POLICIES);
    }
    checkMatchLabelKeys(causes, constraint.matchLabelKeys, undefined, constraint.labelSelector, at);
    checkLabelSelector(causes, constraint.labelSelector, `${at}.labelSelector`);
  });
}

function checkPositive(causes: Cause[], value: number, field: string): void {
  if (value <= 0) causes.push(invalidValue(field, value, 'must be greater than zero'));
}

function checkNotRepeated(
  causes: Cause[],
  { topologyKey, whenUnsatisfiable }: TopologySpreadConstraint,
  rest: TopologySpreadConstraint[],
  path: string,
): void {
  if (!rest.some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)) return;
  const field = `${path}.{topologyKey, whenUnsatisfiable}`;
  causes.push(duplicateValue(field, `{${topologyKey}, ${whenUnsatisfiable}}`));
}

function checkMinDomains(
  causes: Cause[],
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
  field: string,
): void {
  if (minDomains === undefined) return;
  checkPositive(causes, minDomains, field);
  if (whenUnsatisfiable === 'DoNotSchedule') return;
  const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  causes.push(invalidValue(field, minDomains, why));
}
