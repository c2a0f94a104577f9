import type { Stored } from '../../lib/api/object.ts';
import type { Node, Pod, PodSpec } from '../../lib/api/types.ts';

let sequence = 0;

export interface PodOptions {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  nodeName?: string;
  requests?: Record<string, string>;
  hostPort?: number;
  spec?: Partial<PodSpec>;
  status?: Pod['status'];
  metadata?: Partial<NonNullable<Pod['metadata']>>;
}

export function pod(options: PodOptions = {}): Stored<Pod> {
  const name = options.name ?? `pod-${++sequence}`;
  const ports = options.hostPort ? [{ containerPort: options.hostPort, hostPort: options.hostPort }] : undefined;
  const resources = options.requests ? { requests: options.requests } : {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: stored(name, options.namespace ?? 'default', options.labels, options.metadata),
    spec: {
      containers: [{ name: 'c', image: 'i', resources, ports }],
      nodeName: options.nodeName,
      ...options.spec,
    },
    status: options.status,
  };
}

export interface NodeOptions {
  name?: string;
  labels?: Record<string, string>;
  allocatable?: Record<string, string>;
  spec?: Node['spec'];
}

export function node(options: NodeOptions = {}): Stored<Node> {
  const name = options.name ?? `node-${++sequence}`;
  const labels = { 'kubernetes.io/hostname': name, ...options.labels };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: stored(name, undefined, labels),
    spec: options.spec,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...options.allocatable } },
  };
}

export function stored(
  name: string,
  namespace?: string,
  labels?: Record<string, string>,
  more: Partial<NonNullable<Pod['metadata']>> = {},
): Stored<Pod>['metadata'] {
  return {
    name,
    ...(namespace && { namespace }),
    ...(labels && { labels }),
    uid: `uid-${name}`,
    resourceVersion: String(++sequence),
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...more,
  } as Stored<Pod>['metadata'];
}
