import { parseQuantity } from '../../lib/api/quantity.ts';
import type { Container, Pod } from '../../lib/api/types.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COMPUTE = ['cpu', 'memory'] as const;

/** Source: pkg/apis/core/v1/helper/qos ComputePodQOS. */
export function qosClass(pod: Pod): QosClass {
  const known = pod.status?.qosClass;
  if (known) return known as QosClass;
  const { containers = [], initContainers = [] } = pod.spec ?? { containers: [] };
  const all = pod.spec?.resources ? [{ name: '', resources: pod.spec.resources }] : [...containers, ...initContainers];
  if (!all.some(hasCompute)) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function hasCompute(container: Container): boolean {
  return COMPUTE.some((name) => amount(container, 'requests', name) > 0n || amount(container, 'limits', name) > 0n);
}

function isGuaranteed(container: Container): boolean {
  return COMPUTE.every((name) => {
    const limit = amount(container, 'limits', name);
    return (
      limit > 0n && (container.resources?.requests?.[name] ? amount(container, 'requests', name) : limit) === limit
    );
  });
}

function amount(container: Container, list: 'requests' | 'limits', name: string): bigint {
  const text = container.resources?.[list]?.[name];
  return text === undefined ? 0n : parseQuantity(String(text)).nanos;
}
