import { INGRESS_CONTROLLER } from '../../../lib/api/ingress-class.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import type { Expected } from './plan.ts';
import { keep } from './policy.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const READ = ['get', 'list', 'watch'];
const NETWORKING = ['networking.k8s.io'];
const DISCOVERY = ['discovery.k8s.io'];
const WRITE_EVENTS = { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] };

/** The gateway's identity on each node. */
const GATEWAY_USER = 'zeroplane:ingress-gateway';

/** Rights of parts that Kubernetes does not have, or has as add-ons with roles of their own: network policies, ingress. */
export const networkClusterRoles: KubeObject[] = [
  clusterRole('zeroplane:node-network', [
    { apiGroups: [''], resources: ['namespaces', 'pods'], verbs: READ },
    { apiGroups: NETWORKING, resources: ['ingressclasses', 'ingresses', 'networkpolicies'], verbs: READ },
  ]),
  clusterRole(GATEWAY_USER, [
    { apiGroups: [''], resources: ['secrets', 'services'], verbs: READ },
    { apiGroups: NETWORKING, resources: ['ingressclasses', 'ingresses'], verbs: READ },
    { apiGroups: DISCOVERY, resources: ['endpointslices'], verbs: READ },
  ]),
  clusterRole('zeroplane:controller:ingress-controller', [
    { apiGroups: [''], resources: ['services'], verbs: READ },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
    { apiGroups: NETWORKING, resources: ['ingressclasses', 'ingresses'], verbs: READ },
    { apiGroups: NETWORKING, resources: ['ingresses/status'], verbs: ['patch', 'update'] },
    WRITE_EVENTS,
  ]),
];

export const networkClusterRoleBindings: KubeObject[] = [
  binding('zeroplane:node-network', user('system:kube-proxy')),
  binding(GATEWAY_USER, user(GATEWAY_USER)),
  binding('zeroplane:controller:ingress-controller', serviceAccount('ingress-controller')),
];

/** The DNS' own configuration is all that it may read of kube-system. */
const DNS_CONFIG = { name: 'zeroplane:dns-config', namespace: 'kube-system' };

export const networkRoles: KubeObject[] = [
  {
    apiVersion: RBAC,
    kind: 'Role',
    metadata: { ...metadata(DNS_CONFIG.name), namespace: DNS_CONFIG.namespace },
    rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['kube-dns'], verbs: READ }],
  },
];

export const networkRoleBindings: KubeObject[] = [
  {
    apiVersion: RBAC,
    kind: 'RoleBinding',
    metadata: { ...metadata(DNS_CONFIG.name), namespace: DNS_CONFIG.namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: DNS_CONFIG.name },
    subjects: [user('system:kube-proxy')],
  },
];

/** An Ingress that names no class is served by the nodes' gateways, unless an administrator makes another class the default. */
const defaultIngressClass: KubeObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: {
    name: 'zeroplane',
    generation: 1,
    annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
  },
  spec: { controller: INGRESS_CONTROLLER },
};

/** Only where gateways run: elsewhere an Ingress waits for a controller of the user's. */
export const ingressClasses: Expected = {
  type: 'ingressclasses.networking.k8s.io',
  objects: [defaultIngressClass],
  reconcile: keep,
};

function clusterRole(name: string, rules: object[]): KubeObject {
  return { apiVersion: RBAC, kind: 'ClusterRole', metadata: metadata(name), rules };
}

function binding(name: string, subject: object): KubeObject {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  return { apiVersion: RBAC, kind: 'ClusterRoleBinding', metadata: metadata(name), roleRef, subjects: [subject] };
}

function metadata(name: string): KubeObject['metadata'] {
  return { name, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } };
}

function user(name: string): object {
  return { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name };
}

function serviceAccount(name: string): object {
  return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
}
