import type { ServiceSpec } from '../../../../lib/api/types.ts';

export const isHeadless = ({ clusterIPs }: ServiceSpec) => clusterIPs?.length === 1 && clusterIPs[0] === 'None';

/** Source: ExternallyAccessible in k8s.io/kubernetes/pkg/api/service. */
export const isExternallyAccessible = (spec: ServiceSpec) =>
  spec.type === 'LoadBalancer' ||
  spec.type === 'NodePort' ||
  (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);

export const needsHealthCheck = (spec: ServiceSpec) =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
