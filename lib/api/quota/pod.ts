import { Quantity } from '../quantity.ts';
import { addTo, podQuantities, type Quantities, quantities } from '../resource-list.ts';
import type { Container, Pod, PodAffinityTerm, PodSpec, ScopedResourceSelectorRequirement } from '../types.ts';
import type { Evaluator } from './evaluator.ts';

/** What pods count against. Source: k8s.io/kubernetes/pkg/quota/v1/evaluator/core/pods.go */
export const podEvaluator: Evaluator = { tracks, usage, matchesScope, fault };

const BOTH = ['cpu', 'memory', 'ephemeral-storage'];
const NAMES = new Set([
  'pods',
  'count/pods',
  ...BOTH,
  ...BOTH.map((name) => `requests.${name}`),
  ...BOTH.map((name) => `limits.${name}`),
]);

/** Each container must name these where a quota counts them: a design flaw that stays for compatibility. */
const REQUIRED = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

function tracks(name: string): boolean {
  return NAMES.has(name) || isHugePages(name) || isExtended(name);
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
}

/** Extended resources cannot be overcommitted: only their requests are counted. */
function isExtended(name: string): boolean {
  if (!name.startsWith('requests.') || !name.includes('/')) return false;
  return !name.slice('requests.'.length).split('/')[0]!.endsWith('kubernetes.io') || name.includes('deviceclass.');
}

function usage(pod: Pod, nowMs: number): Quantities {
  const counted: Quantities = new Map([['count/pods', Quantity.of(1)]]);
  if (!isCharged(pod, nowMs)) return counted;
  const spec = pod.spec!;
  const overhead = quantities(spec.overhead);
  const requests = addTo(podQuantities(spec, 'requests'), overhead);
  const limits = podQuantities(spec, 'limits');
  // Overhead raises only those limits that there are.
  for (const [name, more] of overhead) {
    const limit = limits.get(name);
    if (limit) limits.set(name, limit.add(more));
  }
  return addTo(counted, computeUsage(requests, limits));
}

/** Neither over, nor past its time to end. */
function isCharged({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  if (!metadata?.deletionTimestamp || metadata.deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= Date.parse(metadata.deletionTimestamp) + metadata.deletionGracePeriodSeconds * 1000;
}

function computeUsage(requests: Quantities, limits: Quantities): Quantities {
  const used: Quantities = new Map([['pods', Quantity.of(1)]]);
  for (const [name, quantity] of requests) {
    const known = BOTH.includes(name) || isHugePages(name);
    if (known) used.set(name, quantity);
    if (known || name.includes('/')) used.set(`requests.${name}`, quantity);
  }
  for (const name of BOTH) if (limits.has(name)) used.set(`limits.${name}`, limits.get(name)!);
  return used;
}

function fault(required: readonly string[], { spec }: Pod): string | undefined {
  if (spec!.resources?.requests || spec!.resources?.limits) return undefined;
  const containers = [...spec!.containers, ...(spec!.initContainers ?? [])];
  const faults = REQUIRED.filter((name) => required.includes(name)).flatMap((name) => {
    const lacking = containers.filter((container) => !ownUsage(container).has(name)).map((container) => container.name);
    return lacking.length ? [`${name} for: ${[...new Set(lacking)].sort().join(',')}`] : [];
  });
  return faults.length ? `must specify ${faults.join('; ')}` : undefined;
}

function ownUsage({ resources }: Container): Quantities {
  return computeUsage(quantities(resources?.requests), quantities(resources?.limits));
}

function matchesScope({ scopeName, operator, values }: ScopedResourceSelectorRequirement, { spec }: Pod): boolean {
  switch (scopeName) {
    case 'Terminating':
      return isTerminating(spec!);
    case 'NotTerminating':
      return !isTerminating(spec!);
    case 'BestEffort':
      return isBestEffort(spec!);
    case 'NotBestEffort':
      return !isBestEffort(spec!);
    case 'PriorityClass':
      return matchesClass(spec!.priorityClassName, operator, values ?? []);
    case 'CrossNamespacePodAffinity':
      return affinityTerms(spec!).some((term) => !!term.namespaces?.length || term.namespaceSelector !== undefined);
    default:
      return false;
  }
}

function isTerminating({ activeDeadlineSeconds }: PodSpec): boolean {
  return activeDeadlineSeconds !== undefined && activeDeadlineSeconds >= 0;
}

function isBestEffort(spec: PodSpec): boolean {
  const all = [spec, ...spec.containers, ...(spec.initContainers ?? [])];
  return !all.some(({ resources }) =>
    [resources?.requests, resources?.limits].some((list) =>
      ['cpu', 'memory'].some((name) => quantities(list).get(name)?.sign() === 1),
    ),
  );
}

function matchesClass(name: string | undefined, operator: string, values: readonly string[]): boolean {
  if (operator === 'Exists') return !!name;
  if (operator === 'DoesNotExist') return !name;
  const listed = !!name && values.includes(name);
  return operator === 'NotIn' ? !listed : listed;
}

function affinityTerms({ affinity }: PodSpec): PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
}
