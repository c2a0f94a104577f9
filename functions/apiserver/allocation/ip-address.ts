import type { KubeObject } from '../../../lib/api/object.ts';

export const IP_ADDRESSES = 'ipaddresses.networking.k8s.io';

/** The object whose name reserves an address (KEP-1880). */
export function ipAddressObject(address: string, service: { namespace: string; name: string }): KubeObject {
  return {
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: address,
      labels: {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { resource: 'services', namespace: service.namespace, name: service.name } },
  };
}
