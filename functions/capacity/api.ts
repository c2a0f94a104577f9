import type { NodeSelectorRequirement, ObjectMeta, Taint } from '../../lib/api/types.ts';
import { resourceType } from '../../lib/client/resource-type.ts';
import { CAPACITY_TYPE, type CapacityType, UNINITIALIZED } from '../../lib/cloud/instances.ts';
import type { Condition } from '../controllers/conditions.ts';

export { CAPACITY_TYPE, UNINITIALIZED };

/** Which machines may be made for pods that fit nowhere. As Karpenter's NodePool, of which it has the parts that are used here. */
export interface NodePool {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  spec: {
    /** Of several pools the heavier is asked first. */
    weight?: number;
    template: {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
      spec: {
        /** On the labels of nodes: instance type, architecture, zone, capacity type and those of the template. */
        requirements?: NodeSelectorRequirement[];
        taints?: Taint[];
        /** A node is replaced when it is so old: `720h`. */
        expireAfter?: string;
      };
    };
    disruption?: {
      consolidationPolicy?: 'WhenEmpty' | 'WhenEmptyOrUnderutilized';
      /** How long a node must have been so: `60s`, or `Never`. */
      consolidateAfter?: string;
    };
    /** Of all nodes of the pool together: cpu, memory. */
    limits?: Record<string, string | number>;
  };
  status?: { resources?: Record<string, string>; nodes?: number };
}

/** One machine that was asked for, from its launch to its end. */
export interface NodeClaim {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  spec: {
    nodePool: string;
    instanceType: string;
    architecture: 'amd64' | 'arm64';
    zone: string;
    capacityType: CapacityType;
    /** What its node will offer pods. */
    resources: Record<string, string>;
    labels: Record<string, string>;
    taints: Taint[];
    expireAfter: string;
  };
  status?: {
    instanceID?: string;
    nodeName?: string;
    conditions?: Condition[];
    /** RFC 3339: since when nothing but DaemonSets' pods run there. */
    emptySince?: string;
  };
}

export const GROUP = 'zeroplane.dev';
export const nodePools = resourceType<NodePool>(GROUP, 'v1', 'nodepools', 'NodePool', false);
export const nodeClaims = resourceType<NodeClaim>(GROUP, 'v1', 'nodeclaims', 'NodeClaim', false);

export const NODE_POOL = `${GROUP}/nodepool`;
export const INSTANCE_FAMILY = `${GROUP}/instance-family`;
export const INSTANCE_CPU = `${GROUP}/instance-cpu`;
export const DO_NOT_DISRUPT = `${GROUP}/do-not-disrupt`;
/** Held until the machine has ended. */
export const TERMINATION = `${GROUP}/termination`;
/** On a node that is to end: no new pods. */
export const DISRUPTED: Taint = { key: `${GROUP}/disrupted`, effect: 'NoSchedule' };
/** When the cloud takes the machine back, RFC 3339: drained or not. */
export const ENDS_AT = `${GROUP}/ends-at`;

/** Karpenter's defaults. */
export const DEFAULT_EXPIRE_AFTER = '720h';
export const DEFAULT_CONSOLIDATE_AFTER = '60s';
