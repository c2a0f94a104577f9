import { duplicateValue, forbiddenField, invalidValue, required } from '../../../../lib/api/causes.ts';
import { qualifiedName } from '../../../../lib/api/names.ts';
import { compareQuantities, parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { LimitRange, LimitRangeItem } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat } from '../check.ts';
import { checkContainerResourceName, checkResourceName, isOvercommitAllowed } from '../pod-spec/resources.ts';
import { canonicalizeResources } from '../resource-list.ts';

const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/** Source: SetDefaults_LimitRangeItem in k8s.io/kubernetes/pkg/apis/core/v1/defaults.go. */
function defaults({ spec }: LimitRange): void {
  for (const limit of spec?.limits ?? []) {
    for (const list of LISTS) canonicalizeResources(limit[list]);
    if (limit.type !== 'Container') continue;
    const limits = { ...limit.max, ...limit.default };
    const requests = { ...limit.min, ...limits, ...limit.defaultRequest };
    if (Object.keys(limits).length > 0) limit.default = limits;
    if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
  }
}

/** Source: ValidateLimitRange in k8s.io/kubernetes/pkg/apis/core/validation. */
function validate({ spec }: LimitRange): Cause[] {
  const causes: Cause[] = [];
  const types = new Set<string>();
  spec?.limits?.forEach((limit, i) => {
    const path = `spec.limits[${i}]`;
    checkType(causes, limit.type ?? '', `${path}.type`);
    if (types.has(limit.type)) causes.push(duplicateValue(`${path}.type`, limit.type));
    types.add(limit.type);
    checkNames(causes, limit, path);
    checkByType(causes, limit, path);
    const names = new Set(LISTS.flatMap((list) => Object.keys(limit[list] ?? {})));
    for (const name of names) checkResource(causes, limit, name, path);
  });
  return causes;
}

function checkType(causes: Cause[], type: string, field: string): void {
  const before = causes.length;
  checkFormat(causes, field, type, qualifiedName);
  if (causes.length > before || type.includes('/')) return;
  if (['Pod', 'Container', 'PersistentVolumeClaim'].includes(type)) return;
  causes.push(invalidValue(field, type, 'must be a standard limit type or fully qualified'));
}

function checkNames(causes: Cause[], limit: LimitRangeItem, path: string): void {
  const check = limit.type === 'Pod' || limit.type === 'Container' ? checkContainerResourceName : checkResourceName;
  for (const list of LISTS) {
    if (limit.type === 'Pod' && (list === 'default' || list === 'defaultRequest')) continue;
    for (const name in limit[list]) check(causes, name, `${path}.${list}[${name}]`);
  }
}

function checkByType(causes: Cause[], limit: LimitRangeItem, path: string): void {
  if (limit.type === 'Pod') {
    for (const list of ['default', 'defaultRequest'] as const) {
      if (Object.keys(limit[list] ?? {}).length === 0) continue;
      causes.push(forbiddenField(`${path}.${list}`, "may not be specified when `type` is 'Pod'"));
    }
  }
  if (limit.type !== 'PersistentVolumeClaim' || limit.min?.['storage'] || limit.max?.['storage']) return;
  const why = 'either minimum or maximum storage value is required, but neither was provided';
  causes.push(required(`${path}.limits`, why));
}

/** [smaller, larger, the field to blame, its value, words]: each pair in its order. */
function checkResource(causes: Cause[], limit: LimitRangeItem, name: string, path: string): void {
  const { min, max, maxLimitRequestRatio } = limit;
  const pods = limit.type === 'Pod';
  const byDefault = pods ? undefined : limit.default?.[name];
  const request = pods ? undefined : limit.defaultRequest?.[name];
  const [low, high, ratio] = [min?.[name], max?.[name], maxLimitRequestRatio?.[name]];
  const ordered = (
    a: string | undefined,
    b: string | undefined,
    field: string,
    bad: string | undefined,
    why: string,
  ) => {
    if (a === undefined || b === undefined || compareQuantities(a, b) <= 0) return;
    causes.push(invalidValue(`${path}.${field}[${name}]`, bad, why));
  };
  ordered(low, high, 'min', low, `min value ${low} is greater than max value ${high}`);
  ordered(low, request, 'defaultRequest', request, `min value ${low} is greater than default request value ${request}`);
  ordered(
    request,
    high,
    'defaultRequest',
    request,
    `default request value ${request} is greater than max value ${high}`,
  );
  const beyond = `default request value ${request} is greater than default limit value ${byDefault}`;
  ordered(request, byDefault, 'defaultRequest', request, beyond);
  ordered(low, byDefault, 'default', low, `min value ${low} is greater than default value ${byDefault}`);
  ordered(byDefault, high, 'default', high, `default value ${byDefault} is greater than max value ${high}`);
  if (ratio !== undefined) checkRatio(causes, ratio, low, high, `${path}.maxLimitRequestRatio[${name}]`);
  const equal = byDefault === undefined || request === undefined || compareQuantities(byDefault, request) === 0;
  if (equal || isOvercommitAllowed(name)) return;
  const why = `default value ${byDefault} must equal to defaultRequest value ${request} in ${name}`;
  causes.push(invalidValue(`${path}.defaultRequest[${name}]`, request, why));
}

function checkRatio(
  causes: Cause[],
  ratio: string,
  low: string | undefined,
  high: string | undefined,
  field: string,
): void {
  if (compareQuantities(ratio, '1') < 0) causes.push(invalidValue(field, ratio, `ratio ${ratio} is less than 1`));
  if (low === undefined || high === undefined) return;
  const most = parseQuantity(high).toNumber() / parseQuantity(low).toNumber();
  if (parseQuantity(ratio).toNumber() <= most) return;
  causes.push(invalidValue(field, ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`));
}

export const limitRange: KindRules = { defaults, validate, validateUpdate: validate, createOnUpdate: true };
