import type { Node } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import type { Caches } from '../../lib/client/controller.ts';
import { createRecorder, type EventRecorder } from '../../lib/client/events.ts';
import type { KeyPair } from '../../lib/pki/certificate.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';

/** What every controller is built over. */
export interface ControllerDependencies {
  readonly caches: Caches;
  /** A client that acts as `system:serviceaccount:kube-system:NAME`, whose rights are those of the bootstrap role `system:controller:NAME`. */
  clientFor(serviceAccount: string): Client;
  readonly clock: Clock;
  readonly random: Random;
  /** PEM: what pods verify the apiserver with. */
  readonly rootCA: string;
  /** The cluster's authority, read when something is to be signed; absent: certificates are signed by nobody. */
  readonly authority?: () => Promise<KeyPair>;
  /** What the cloud knows of nodes; absent: nodes are believed. */
  readonly cloud?: CloudNodes;
  /** Since when agents could reach the apiserver: in a process its start. Absent where the apiserver is always there. */
  readonly aliveSinceMs?: number;
  /** The driver reads the whole change log, so that `touches` are heard of: nothing uncached need be looked for by the clock. */
  readonly followsLog?: boolean;
  /** Node pod ranges are carved out of it; absent: nodes come with theirs. */
  readonly clusterCIDR?: string;
  /** Addresses of the machine for Services of type LoadBalancer, `192.168.80.128-192.168.80.254`; absent where a cloud gives them. */
  readonly loadBalancerAddresses?: string;
  /** Where the nodes' ingress gateways answer; absent: nobody serves Ingresses. */
  readonly ingressIP?: string;
}

/** What a cloud knows of the instances that nodes are, and gives them. */
export interface CloudNodes {
  /** Undefined: there is no such instance, or it has ended for good. */
  instance(node: Node): Promise<CloudInstance | undefined>;
  /** The queue through which a node hears of changes: made if there is none. Its URL. */
  ensureQueue(nodeName: string): Promise<string>;
  removeQueue(nodeName: string): Promise<void>;
  /** Names of nodes that have a queue. */
  queues(): Promise<readonly string[]>;
}

export interface CloudInstance {
  /** A node may only be certified for these. */
  addresses: readonly string[];
  /** Stopped, and may start again. */
  shutdown: boolean;
}

/** A controller's own hands: its client, and a recorder that writes with it. */
export interface Hands {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
}

/** `component` as kube-controller-manager names it in Events: `replicaset-controller`. */
export function hands(
  { clientFor, clock, random }: ControllerDependencies,
  serviceAccount: string,
  component = serviceAccount,
): Hands {
  const client = clientFor(serviceAccount);
  return { client, recorder: createRecorder(client, { component, clock, random }), clock };
}
