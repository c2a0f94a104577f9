import type { KubeObject } from '../../../lib/api/object.ts';
import { established } from '../kinds/apiextensions/established.ts';
import nodeClaims from './data/node-claims.json' with { type: 'json' };
import nodePools from './data/node-pools.json' with { type: 'json' };
import type { Expected } from './plan.ts';
import { keep, reconcileBinding, reconcileRole, reconcileSpec } from './policy.ts';

const RBAC = 'rbac.authorization.k8s.io';
const GROUP = 'zeroplane.dev';
const META = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
};

const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({ apiGroups: [apiGroup], resources, verbs });

const CAPACITY_RULES = [
  rule('', ['nodes'], ['delete', 'get', 'list', 'patch', 'update', 'watch']),
  rule('', ['pods'], ['get', 'list', 'watch']),
  rule('', ['pods/eviction'], ['create']),
  rule('', ['events'], ['create', 'patch']),
  rule('apps', ['daemonsets'], ['get', 'list', 'watch']),
  rule('policy', ['poddisruptionbudgets'], ['get', 'list', 'watch']),
  rule(GROUP, ['nodepools', 'nodepools/status'], ['get', 'list', 'patch', 'update', 'watch']),
  rule(GROUP, ['nodeclaims', 'nodeclaims/status'], ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']),
];

/** A virtual node's agent: what a kubelet may do with its own pods, and the node itself. */
const FARGATE_RULES = [
  rule('', ['nodes'], ['create', 'get', 'list', 'watch']),
  rule('', ['nodes/status'], ['update']),
  rule('', ['pods'], ['delete', 'get', 'list', 'patch', 'watch']),
  rule('', ['pods/status'], ['patch']),
  rule('', ['configmaps', 'secrets'], ['get']),
  rule('', ['namespaces'], ['get', 'list', 'watch']),
  rule('', ['events'], ['create', 'patch']),
];

const ROLES = { 'capacity-controller': CAPACITY_RULES, 'fargate-controller': FARGATE_RULES };
const roleName = (controller: string) => `system:controller:${controller}`;

/** What most images run on, without the surprise of being taken back. Whoever wants others changes it, or makes more. */
const DEFAULT_POOL = {
  kind: 'NodePool',
  apiVersion: `${GROUP}/v1`,
  metadata: { name: 'default', generation: 1 },
  spec: {
    template: {
      spec: {
        requirements: [
          { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] },
          { key: `${GROUP}/capacity-type`, operator: 'In', values: ['on-demand'] },
        ],
        expireAfter: '720h',
      },
    },
    disruption: { consolidationPolicy: 'WhenEmptyOrUnderutilized', consolidateAfter: '60s' },
    limits: { cpu: '100' },
  },
};

/** What a cluster whose machines are made for its pods has beside the rest. */
export function capacityObjects(now: string): Expected[] {
  return [
    {
      type: 'customresourcedefinitions.apiextensions.k8s.io',
      objects: [nodePools, nodeClaims].map((definition) => created(definition as unknown as KubeObject, now)),
      reconcile: reconcileSpec,
    },
    { type: `nodepools.${GROUP}`, objects: [DEFAULT_POOL], reconcile: keep },
    {
      type: `clusterroles.${RBAC}`,
      objects: Object.entries(ROLES).map(([controller, rules]) => ({
        kind: 'ClusterRole',
        apiVersion: `${RBAC}/v1`,
        metadata: { name: roleName(controller), ...META },
        rules,
      })),
      reconcile: reconcileRole,
    },
    {
      type: `clusterrolebindings.${RBAC}`,
      objects: Object.keys(ROLES).map((controller) => ({
        kind: 'ClusterRoleBinding',
        apiVersion: `${RBAC}/v1`,
        metadata: { name: roleName(controller), ...META },
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: roleName(controller) },
        subjects: [{ kind: 'ServiceAccount', name: controller, namespace: 'kube-system' }],
      })),
      reconcile: reconcileBinding,
    },
  ];
}

/** As the registry makes a definition. */
function created(definition: KubeObject, now: string): KubeObject {
  const metadata = { ...definition.metadata, generation: 1 };
  return { ...definition, metadata, status: established(definition['spec'], now) };
}
