import type { KubeObject } from '../../../lib/api/object.ts';
import { type Cidr, parseCidr } from '../allocation/ip.ts';
import { ipAddressObject } from '../allocation/ip-address.ts';
import type { Expected } from './plan.ts';
import { keep, replaceContent } from './policy.ts';

export interface ApiEndpoint {
  /** Where pods reach the apiserver: an address and port of this machine or cluster. */
  address: string;
  port: number;
  serviceCIDR: string;
}

const SECURE_PORT = 443;

/** The Service `kubernetes` with its endpoints, as k8s.io/kubernetes/pkg/controlplane/controller/kubernetesservice keeps it. */
export function kubernetesService(endpoint: ApiEndpoint, now: string): Expected[] {
  const clusterIP = firstAddress(parseCidr(endpoint.serviceCIDR));
  const port = { name: 'https', port: endpoint.port, protocol: 'TCP' };
  return [
    { type: 'servicecidrs.networking.k8s.io', objects: [serviceCidr(endpoint.serviceCIDR, now)], reconcile: keep },
    {
      type: 'ipaddresses.networking.k8s.io',
      objects: [ipAddressObject(clusterIP, { namespace: 'default', name: 'kubernetes' })],
      reconcile: keep,
    },
    { type: 'services', objects: [service(clusterIP, endpoint.port)], reconcile: replacePort },
    { type: 'endpoints', objects: [endpointsObject(endpoint.address, port)], reconcile: replaceContent },
    {
      type: 'endpointslices.discovery.k8s.io',
      objects: [endpointSlice(endpoint.address, port)],
      reconcile: replaceContent,
    },
  ];
}

/** The service's other fields are an administrator's to change. */
const replacePort: Expected['reconcile'] = (stored, expected) => {
  const [port] = expected['spec'].ports;
  const [own] = stored['spec']?.ports ?? [];
  if (own?.port === port.port && own?.targetPort === port.targetPort) return undefined;
  return { ...stored, spec: { ...stored['spec'], ports: [port] } };
};

function firstAddress(cidr: Cidr): string {
  return cidr.at(1);
}

function service(clusterIP: string, targetPort: number): KubeObject {
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      ports: [{ name: 'https', protocol: 'TCP', port: SECURE_PORT, targetPort }],
      clusterIP,
      clusterIPs: [clusterIP],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  };
}

interface Port {
  name: string;
  port: number;
  protocol: string;
}

function endpointsObject(address: string, port: Port): KubeObject {
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: [{ ip: address }], ports: [port] }],
  };
}

function endpointSlice(address: string, port: Port): KubeObject {
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      generation: 1,
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [port],
  };
}

function serviceCidr(cidr: string, now: string): KubeObject {
  return {
    kind: 'ServiceCIDR',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [cidr] },
    status: {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastTransitionTime: now,
          reason: '',
          message: 'Kubernetes default Service CIDR is ready',
        },
      ],
    },
  };
}
