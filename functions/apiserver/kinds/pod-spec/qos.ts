import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { PodSpec, ResourceRequirements } from '../../../../lib/api/types.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const QOS_RESOURCES = ['cpu', 'memory'] as const;

/** Source: k8s.io/kubernetes/pkg/apis/core/helper/qos ComputePodQOS. */
export function podQosClass(spec: PodSpec): QosClass {
  if (hasPodLevelResources(spec)) return requirementsQosClass(spec.resources!);
  let result: QosClass | undefined;
  for (const { resources = {} } of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const qosClass = requirementsQosClass(resources);
    if (qosClass === 'Burstable') return qosClass;
    result ??= qosClass;
    if (result !== qosClass) return 'Burstable';
  }
  return result ?? 'BestEffort';
}

export function hasPodLevelResources({ resources }: PodSpec): boolean {
  return !!resources && Object.keys({ ...resources.requests, ...resources.limits }).length > 0;
}

function requirementsQosClass({ requests = {}, limits = {} }: ResourceRequirements): QosClass {
  const given = (quantity: string | undefined) => quantity !== undefined && !parseQuantity(quantity).isZero();
  if (!QOS_RESOURCES.some((name) => given(requests[name]) || given(limits[name]))) return 'BestEffort';
  const equal = QOS_RESOURCES.every((name) => given(limits[name]) && (requests[name] ?? limits[name]) === limits[name]);
  return equal ? 'Guaranteed' : 'Burstable';
}
