import { aggregateRules } from '../../../lib/api/aggregate-rules.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import type { ClusterRole } from '../../../lib/api/types.ts';
import apiServices from './data/api-services.json' with { type: 'json' };
import clusterRoleBindings from './data/cluster-role-bindings.json' with { type: 'json' };
import clusterRoles from './data/cluster-roles.json' with { type: 'json' };
import flowSchemas from './data/flow-schemas.json' with { type: 'json' };
import priorityClasses from './data/priority-classes.json' with { type: 'json' };
import priorityLevels from './data/priority-level-configurations.json' with { type: 'json' };
import roleBindings from './data/role-bindings.json' with { type: 'json' };
import roles from './data/roles.json' with { type: 'json' };
import {
  networkClusterRoleBindings,
  networkClusterRoles,
  networkRoleBindings,
  networkRoles,
} from './network-objects.ts';
import { ownClusterRoleBindings, ownClusterRoles, publicIssuerBinding } from './own-roles.ts';
import type { Expected } from './plan.ts';
import { keep, reconcileBinding, reconcileRole, reconcileSpec, replaceContent } from './policy.ts';

const RBAC = 'rbac.authorization.k8s.io';
const FLOW_CONTROL = 'flowcontrol.apiserver.k8s.io';
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export interface BootstrapObjectsOptions {
  now: string;
  authenticationConfig: Record<string, string>;
  /** Whoever is shown a ServiceAccount token may fetch the keys that verify it. */
  publicIssuer?: boolean | undefined;
}

/** Everything kube-apiserver 1.37.2 makes at its first start, read off a running one, but for the Service `kubernetes`; and what our own parts need. */
export function bootstrapObjects(options: BootstrapObjectsOptions): Expected[] {
  const { now, authenticationConfig, publicIssuer } = options;
  return [
    { type: 'namespaces', objects: NAMESPACES.map(namespaceObject), reconcile: keep },
    {
      type: `clusterroles.${RBAC}`,
      objects: [...(withAggregated(bootstrapClusterRoles) as KubeObject[]), ...ownClusterRoles, ...networkClusterRoles],
      reconcile: reconcileRole,
    },
    {
      type: `clusterrolebindings.${RBAC}`,
      objects: [
        ...clusterRoleBindings,
        ...ownClusterRoleBindings,
        ...networkClusterRoleBindings,
        ...(publicIssuer ? [publicIssuerBinding] : []),
      ],
      reconcile: reconcileBinding,
    },
    { type: `roles.${RBAC}`, objects: [...roles, ...networkRoles], reconcile: reconcileRole },
    { type: `rolebindings.${RBAC}`, objects: [...roleBindings, ...networkRoleBindings], reconcile: reconcileBinding },
    { type: 'priorityclasses.scheduling.k8s.io', objects: priorityClasses, reconcile: keep },
    { type: `prioritylevelconfigurations.${FLOW_CONTROL}`, objects: priorityLevels, reconcile: reconcileSpec },
    {
      type: `flowschemas.${FLOW_CONTROL}`,
      objects: (flowSchemas as KubeObject[]).map((schema) => ({
        ...schema,
        status: { conditions: [found(schema, now)] },
      })),
      reconcile: reconcileSpec,
    },
    {
      type: 'apiservices.apiregistration.k8s.io',
      objects: (apiServices as KubeObject[]).map((service) => ({
        ...service,
        status: { conditions: [available(now)] },
      })),
      reconcile: keep,
    },
    { type: 'configmaps', objects: [authenticationConfigMap(authenticationConfig)], reconcile: replaceContent },
  ];
}

export const bootstrapClusterRoles = clusterRoles as unknown as ClusterRole[];

/** What the clusterrole-aggregation controller would fill in a moment later; `admin` takes in `edit`, which takes in `view`. */
function withAggregated(all: readonly ClusterRole[]): ClusterRole[] {
  const filled = all.map((role) => (role.aggregationRule ? { ...role, rules: aggregateRules(role, all) } : role));
  return JSON.stringify(filled) === JSON.stringify(all) ? filled : withAggregated(filled);
}

function namespaceObject(name: string): KubeObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

/** The flow control controller's condition. */
function found(schema: KubeObject, now: string) {
  const level = JSON.stringify(schema['spec'].priorityLevelConfiguration.name);
  const message = `This FlowSchema references the PriorityLevelConfiguration object named ${level} and it exists`;
  return { type: 'Dangling', status: 'False', lastTransitionTime: now, reason: 'Found', message };
}

/** The aggregator's condition. */
function available(now: string) {
  const message = 'Local APIServices are always available';
  return { type: 'Available', status: 'True', lastTransitionTime: now, reason: 'Local', message };
}

/** What an extension apiserver reads to trust this one. */
function authenticationConfigMap(data: Record<string, string>): KubeObject {
  return {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data,
  };
}
