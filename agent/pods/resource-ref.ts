import { parseQuantity } from '../../lib/api/quantity.ts';
import type { Container, Pod, ResourceFieldSelector } from '../../lib/api/types.ts';

/** What the node gives to a container that names no limit. */
export type Allocatable = Readonly<Record<string, string>>;

/** The text of a resourceFieldRef; undefined: no such resource. Source: pkg/api/v1/resource ExtractContainerResourceValue. */
export function resourceValue(
  pod: Pod,
  selector: ResourceFieldSelector,
  container: Container | undefined,
  allocatable: Allocatable,
): string | undefined {
  const target = selector.containerName ? containerNamed(pod, selector.containerName) : container;
  const [list, ...name] = selector.resource.split('.');
  if (!target || (list !== 'limits' && list !== 'requests')) return undefined;
  const resource = name.join('.');
  const limit = target.resources?.limits?.[resource] ?? (list === 'limits' ? allocatable[resource] : undefined);
  const amount = list === 'limits' ? limit : (target.resources?.requests?.[resource] ?? limit ?? '0');
  if (amount === undefined) return undefined;
  return divided(String(amount), selector.divisor === undefined ? '1' : String(selector.divisor));
}

function containerNamed(pod: Pod, name: string): Container | undefined {
  const { containers = [], initContainers = [] } = pod.spec ?? { containers: [] };
  return [...containers, ...initContainers].find((container) => container.name === name);
}

/** Rounded up to whole divisors, of which 0 means 1. */
function divided(amount: string, divisor: string): string {
  const by = parseQuantity(divisor).nanos || parseQuantity('1').nanos;
  return String((parseQuantity(amount).nanos + by - 1n) / by);
}
