import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, pathSegment } from '../../../../lib/api/names.ts';
import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import { checkFormat, checkRequired } from '../check.ts';
import { checkContainerResourceName } from '../pod-spec/resources.ts';

const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

/** Source: validateMetrics in k8s.io/kubernetes/pkg/apis/autoscaling/validation. */
export function checkMetrics(causes: Cause[], metrics: any[], minReplicas: number | undefined): void {
  metrics.forEach((metric, i) => {
    checkMetric(causes, metric, `spec.metrics[${i}]`);
  });
  if (minReplicas !== 0 || metrics.some(({ type }) => type === 'Object' || type === 'External')) return;
  const why = 'must specify at least one Object or External metric to support scaling to zero replicas';
  causes.push(forbiddenField('spec.metrics', why));
}

function checkMetric(causes: Cause[], metric: any, path: string): void {
  const { type = '' } = metric;
  if (!type) causes.push(required(`${path}.type`, 'must specify a metric source type'));
  if (!TYPES.includes(type)) causes.push(notSupported(`${path}.type`, type, TYPES));
  const given = SOURCES.filter((source) => metric[source]);
  const [first] = given;
  if (first) checkSource(causes, first, metric[first], `${path}.${first}`);
  const expected = type.charAt(0).toLowerCase() + type.slice(1);
  if (!TYPES.includes(type)) causes.push(notSupported(`${path}.type`, type, TYPES));
  else if (!metric[expected]) {
    causes.push(required(`${path}.${expected}`, 'must populate information for the given metric source'));
  }
  if (given.length === 1) return;
  for (const source of given) {
    if (source === expected) continue;
    causes.push(forbiddenField(`${path}.${source}`, 'must populate the given metric source only'));
  }
}

function checkSource(causes: Cause[], kind: (typeof SOURCES)[number], source: any, path: string): void {
  const { metric, target = {} } = source;
  if (metric || kind === 'object' || kind === 'external' || kind === 'pods') {
    checkIdentifier(causes, metric?.name, `${path}.metric.name`);
  }
  if (kind === 'object') checkDescribed(causes, source.describedObject ?? {}, `${path}.describedObject`);
  if (kind === 'resource' || kind === 'containerResource') checkResource(causes, kind, source, path);
  checkTarget(causes, target, `${path}.target`);
  checkValues(causes, kind, target, `${path}.target`);
}

function checkDescribed(causes: Cause[], object: any, path: string): void {
  for (const part of ['kind', 'name']) {
    const field = `${path}.${part}`;
    if (checkRequired(causes, field, object[part])) checkFormat(causes, field, object[part], pathSegment);
  }
}

function checkIdentifier(causes: Cause[], name: string | undefined, field: string): void {
  if (name) checkFormat(causes, field, name, pathSegment);
  else causes.push(required(field, 'must specify a metric name'));
}

function checkResource(causes: Cause[], kind: string, { name, container }: any, path: string): void {
  if (!name) causes.push(required(`${path}.name`, 'must specify a resource name'));
  if (kind !== 'containerResource') return;
  if (name) checkContainerResourceName(causes, name, `${path}.name`);
  if (container) checkFormat(causes, `${path}.container`, container, dns1123Label);
  else causes.push(required(`${path}.container`, 'must specify a container'));
}

function checkTarget(causes: Cause[], { type = '', value, averageValue, averageUtilization }: any, path: string): void {
  if (!type) causes.push(required(`${path}.type`, 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    causes.push(invalidValue(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  checkPositive(causes, value, `${path}.value`);
  checkPositive(causes, averageValue, `${path}.averageValue`);
  if (averageUtilization !== undefined && averageUtilization < 1) {
    causes.push(invalidValue(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
}

function checkPositive(causes: Cause[], quantity: string | undefined, field: string): void {
  if (quantity === undefined || parseQuantity(String(quantity)).sign() > 0) return;
  causes.push(invalidValue(field, quantity, 'must be positive'));
}

/** Which of a target's values a source needs, and which it may not have together. */
function checkValues(causes: Cause[], kind: string, target: any, path: string): void {
  const { value, averageValue, averageUtilization } = target;
  const missing = (field: string, why: string) => causes.push(required(`${path}.${field}`, why));
  const both = (field: string, why: string) => causes.push(forbiddenField(`${path}.${field}`, why));
  const none = value === undefined && averageValue === undefined;
  if (kind === 'object' && none) missing('averageValue', 'must set either a target value or averageValue');
  if (kind === 'pods' && averageValue === undefined) {
    missing('averageValue', 'must specify a positive target averageValue');
  }
  if (kind === 'external') {
    const words = 'a target value for metric';
    if (none) missing('averageValue', `must set either ${words} or a per-pod target`);
    if (value !== undefined && averageValue !== undefined)
      both('value', `may not set both ${words} and a per-pod target`);
  }
  if (kind !== 'resource' && kind !== 'containerResource') return;
  const words = 'a target raw value';
  if (averageUtilization === undefined && averageValue === undefined) {
    missing('averageUtilization', `must set either ${words} or a target utilization`);
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    both('averageValue', `may not set both ${words} and a target utilization`);
  }
}
