import type { Stored } from '../../lib/api/object.ts';
import { Quantity } from '../../lib/api/quantity.ts';
import { matchesTerm } from '../../lib/api/scheduling/node-selector.ts';
import type { Node } from '../../lib/api/types.ts';
import type { InstanceType, Offering } from '../../lib/cloud/instances.ts';
import {
  CAPACITY_TYPE,
  DISRUPTED,
  INSTANCE_CPU,
  INSTANCE_FAMILY,
  NODE_POOL,
  type NodeClaim,
  type NodePool,
} from './api.ts';

/** A machine that a pool may make, as the node that it would become. */
export interface Candidate {
  pool: NodePool;
  type: InstanceType;
  offering: Offering;
  node: Stored<Node>;
}

/** What the system and the agent take of a machine: a share of its memory and some of its first core, as EKS reserves them. */
const SYSTEM_MILLI_CPUS = 80;
const SYSTEM_MEMORY_BYTES = 255 * 1024 ** 2;
const POD_MEMORY_BYTES = 11 * 1024 ** 2;
/** The kernel and the hypervisor keep so much of what the type is sold with. */
const VM_OVERHEAD = 0.075;
const MEMORY_EVICTION_BYTES = 100 * 1024 ** 2;

/** Whether an offering has just been found to be sold out. */
export type SoldOut = (type: string, offering: Offering) => boolean;

/** Every machine that the pool's requirements allow, the cheapest first. */
export function candidatesOf(pool: NodePool, types: readonly InstanceType[], soldOut: SoldOut): Candidate[] {
  const term = { matchExpressions: pool.spec.template.spec.requirements ?? [] };
  return types
    .flatMap((type) => type.offerings.map((offering) => ({ pool, type, offering, node: nodeOf(pool, type, offering) })))
    .filter(({ node }) => term.matchExpressions.length === 0 || matchesTerm(term, node))
    .filter(({ type, offering }) => hasRoom(type) && !soldOut(type.name, offering))
    .sort((a, b) => a.offering.dollarsPerHour - b.offering.dollarsPerHour);
}

function nodeOf(pool: NodePool, type: InstanceType, { zone, capacityType }: Offering): Stored<Node> {
  const { metadata, spec } = pool.spec.template;
  const name = `${pool.metadata!.name}-${type.name}-${zone}-${capacityType}`;
  const labels = {
    ...metadata?.labels,
    'kubernetes.io/arch': type.architecture,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/hostname': name,
    'node.kubernetes.io/instance-type': type.name,
    'topology.kubernetes.io/zone': zone,
    'topology.kubernetes.io/region': zone.replace(/[a-z]$/, ''),
    [CAPACITY_TYPE]: capacityType,
    [NODE_POOL]: pool.metadata!.name!,
    [INSTANCE_FAMILY]: type.name.split('.')[0]!,
    [INSTANCE_CPU]: String(type.milliCpus / 1000),
  };
  return futureNode(name, labels, spec.taints ?? [], allocatable(type));
}

/** A machine that the system alone would fill takes not even pods that request nothing. */
function hasRoom(type: InstanceType): boolean {
  return type.milliCpus > SYSTEM_MILLI_CPUS && memoryLeft(type) > 0;
}

function memoryLeft({ memoryBytes, maxPods }: InstanceType): number {
  const reserved = SYSTEM_MEMORY_BYTES + POD_MEMORY_BYTES * maxPods + MEMORY_EVICTION_BYTES;
  return Math.floor(memoryBytes * (1 - VM_OVERHEAD)) - reserved;
}

/** What is left for pods. */
export function allocatable(type: InstanceType): Record<string, string> {
  const { milliCpus, maxPods, gpus } = type;
  return {
    cpu: Quantity.milli(Math.max(0, milliCpus - SYSTEM_MILLI_CPUS)).toString(),
    memory: Quantity.of(Math.max(0, memoryLeft(type)), 'BinarySI').toString(),
    pods: String(maxPods),
    'ephemeral-storage': '17Gi',
    ...(gpus > 0 ? { 'nvidia.com/gpu': String(gpus) } : {}),
  };
}

/** The node of a claim whose machine has not joined yet. */
export function claimedNode({ metadata, spec }: NodeClaim): Stored<Node> {
  const { name = '', deletionTimestamp } = metadata ?? {};
  const taints = deletionTimestamp ? [...spec.taints, DISRUPTED] : spec.taints;
  return futureNode(name, { ...spec.labels, 'kubernetes.io/hostname': name }, taints, spec.resources);
}

function futureNode(
  name: string,
  labels: Record<string, string>,
  taints: NonNullable<Node['spec']>['taints'],
  resources: Record<string, string>,
): Stored<Node> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '0', labels },
    spec: { taints },
    status: { allocatable: resources, capacity: resources },
  } as Stored<Node>;
}
