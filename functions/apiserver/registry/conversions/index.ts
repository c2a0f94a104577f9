import type { KubeObject } from '../../../../lib/api/object.ts';
import { event } from './event.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';

/** Between a version that is served and the one that is stored. Both directions leave their argument alone. */
export interface Conversion {
  readonly stored: { readonly apiVersion: string; readonly kind: string };
  toStored(object: KubeObject): KubeObject;
  fromStored(object: KubeObject): KubeObject;
}

/** By `group/version/resource`; what is not here is stored as it is served. */
export const conversions: ReadonlyMap<string, Conversion> = new Map([
  ['events.k8s.io/v1/events', event],
  ['autoscaling/v1/horizontalpodautoscalers', horizontalPodAutoscaler],
]);
