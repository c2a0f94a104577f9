import { parseQuantity, type Quantity } from '../../../lib/api/quantity.ts';
import { podQuantities, type Quantities, quantities } from '../../../lib/api/resource-list.ts';
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../../lib/api/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { createsPod, isFor, refusal } from './request.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

/** Fills and checks requests and limits by the namespace's LimitRanges. Source: k8s.io/kubernetes/plugin/pkg/admission/limitranger */
export function limitRanger(reader: Reader): AdmissionPlugin {
  const rangesOf = ({ info }: AdmissionAttributes) => reader.list<LimitRange>('limitranges', info.namespace);
  return {
    name: 'LimitRanger',
    async mutate(attributes) {
      if (!createsPod(attributes) && !isResize(attributes)) return;
      for (const range of await rangesOf(attributes)) fillDefaults(attributes.object as Pod, range);
    },
    async validate(attributes) {
      const check = checkOf(attributes);
      if (!check || attributes.oldObject?.metadata?.deletionTimestamp) return;
      for (const range of await rangesOf(attributes)) {
        const faults = [...new Set((range.spec?.limits ?? []).flatMap((limit) => check(limit)))];
        if (faults.length) throw refusal(attributes, faults.length === 1 ? faults[0]! : `[${faults.join(', ')}]`);
      }
    },
  };
}

function isResize(attributes: AdmissionAttributes): boolean {
  return attributes.operation === 'UPDATE' && isFor(attributes, '', 'pods', 'resize');
}

type Check = (limit: LimitRangeItem) => string[];

function checkOf(attributes: AdmissionAttributes): Check | undefined {
  if (createsPod(attributes) || isResize(attributes)) return (limit) => podFaults(attributes.object as Pod, limit);
  if (!isFor(attributes, '', 'persistentvolumeclaims') || attributes.operation === 'DELETE') return undefined;
  return (limit) => claimFaults(attributes.object as PersistentVolumeClaim, limit);
}

function fillDefaults(pod: Pod, range: LimitRange): void {
  const limits: Record<string, string> = {};
  const requests: Record<string, string> = {};
  for (const limit of range.spec?.limits ?? []) {
    if (limit.type !== 'Container') continue;
    Object.assign(limits, limit.default);
    Object.assign(requests, limit.defaultRequest);
  }
  const changes = [
    ...pod.spec!.containers.flatMap((container) => fill(container, 'container', requests, limits)),
    ...(pod.spec!.initContainers ?? []).flatMap((container) => fill(container, 'init container', requests, limits)),
  ];
  if (changes.length === 0) return;
  const annotations = { [ANNOTATION]: `LimitRanger plugin set: ${changes.join('; ')}` };
  pod.metadata!.annotations = { ...pod.metadata!.annotations, ...annotations };
}

type Texts = Record<string, string>;

/** What was set, in the words of the annotation. */
function fill(container: Container, kind: string, requests: Texts, limits: Texts): string[] {
  const resources = container.resources ?? {};
  const changes: string[] = [];
  for (const [side, defaults] of [['requests', requests] as const, ['limits', limits] as const]) {
    const missing = Object.keys(defaults).filter((name) => resources[side]?.[name] === undefined);
    if (missing.length === 0) continue;
    resources[side] = { ...resources[side], ...Object.fromEntries(missing.map((name) => [name, defaults[name]!])) };
    changes.push(`${missing.sort().join(', ')} ${side.slice(0, -1)} for ${kind} ${container.name}`);
  }
  if (changes.length) container.resources = resources;
  return changes;
}

function podFaults({ spec }: Pod, limit: LimitRangeItem): string[] {
  if (limit.type === 'Pod') return faults(limit, podQuantities(spec!, 'requests'), podQuantities(spec!, 'limits'));
  if (limit.type !== 'Container') return [];
  const all = [...spec!.containers, ...(spec!.initContainers ?? [])];
  return all.flatMap(({ resources }) => faults(limit, quantities(resources?.requests), quantities(resources?.limits)));
}

function faults(limit: LimitRangeItem, requests: Quantities, limits: Quantities): string[] {
  const check = (enforced: Texts | undefined, fault: Constraint) =>
    Object.entries(enforced ?? {}).flatMap(
      ([name, text]) => fault(`${name}`, limit.type, parseQuantity(text), requests.get(name), limits.get(name)) ?? [],
    );
  return [
    ...check(limit.min, belowMinimum),
    ...check(limit.max, aboveMaximum),
    ...check(limit.maxLimitRequestRatio, aboveRatio),
  ];
}

/** A claim has requests only. */
function claimFaults({ spec }: PersistentVolumeClaim, limit: LimitRangeItem): string[] {
  if (limit.type !== 'PersistentVolumeClaim') return [];
  const requests = quantities(spec?.resources?.requests);
  const below = Object.entries(limit.min ?? {}).flatMap(
    ([name, text]) => belowMinimum(name, limit.type, parseQuantity(text), requests.get(name), undefined) ?? [],
  );
  const above = Object.entries(limit.max ?? {}).flatMap(([name, text]) => {
    const enforced = parseQuantity(text);
    const request = requests.get(name);
    const most = `maximum ${name} usage per ${limit.type} is ${enforced}`;
    if (!request) return [`${most}.  No request is specified`];
    return request.compare(enforced) > 0 ? [`${most}, but request is ${request}`] : [];
  });
  return [...below, ...above];
}

type Constraint = (
  name: string,
  type: string,
  enforced: Quantity,
  request: Quantity | undefined,
  limit: Quantity | undefined,
) => string | undefined;

const belowMinimum: Constraint = (name, type, enforced, request, limit) => {
  const least = `minimum ${name} usage per ${type} is ${enforced}`;
  if (!request) return `${least}.  No request is specified`;
  if (request.compare(enforced) < 0) return `${least}, but request is ${request}`;
  return limit && limit.compare(enforced) < 0 ? `${least}, but limit is ${limit}` : undefined;
};

const aboveMaximum: Constraint = (name, type, enforced, request, limit) => {
  const most = `maximum ${name} usage per ${type} is ${enforced}`;
  if (!limit) return `${most}.  No limit is specified`;
  if (limit.compare(enforced) > 0) return `${most}, but limit is ${limit}`;
  return request && request.compare(enforced) > 0 ? `${most}, but request is ${request}` : undefined;
};

const aboveRatio: Constraint = (name, type, enforced, request, limit) => {
  const most = `${name} max limit to request ratio per ${type} is ${enforced}`;
  if (!request || request.isZero()) return `${most}, but no request is specified or request is 0`;
  if (!limit || limit.isZero()) return `${most}, but no limit is specified or limit is 0`;
  const ratio = limit.toNumber() / request.toNumber();
  return ratio > enforced.toNumber() ? `${most}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
};
