import type { Stored } from '../../lib/api/object.ts';
import type { DaemonSet, Node, Pod } from '../../lib/api/types.ts';
import type { Cache, Caches } from '../../lib/client/controller.ts';
import { daemonSets, namespaces, nodes, pods } from '../../lib/client/resource-type.ts';
import { placementOn } from '../controllers/daemonset/placement.ts';
import { isFinished } from '../controllers/pod-state.ts';
import type { Plugin } from '../scheduler/framework.ts';
import { defaultPlugins } from '../scheduler/plugins/index.ts';
import { type PodInfo, podInfo } from '../scheduler/pod-info.ts';
import { Snapshot } from '../scheduler/snapshot.ts';
import { Volumes } from '../scheduler/volumes.ts';
import { type NodeClaim, nodeClaims } from './api.ts';
import { claimedNode } from './candidates.ts';
import { isUninitialized } from './node-initialization.ts';

/** What capacity is planned from. */
export class Cluster {
  readonly nodes: Cache<Node>;
  readonly pods: Cache<Pod>;
  readonly claims: Cache<NodeClaim>;
  readonly plugins: readonly Plugin[];
  readonly #daemonSets: Cache<DaemonSet>;
  readonly #caches: Caches;

  constructor(caches: Caches) {
    this.#caches = caches;
    this.nodes = caches.cache(nodes);
    this.pods = caches.cache(pods);
    this.claims = caches.cache(nodeClaims);
    this.#daemonSets = caches.cache(daemonSets);
    this.plugins = defaultPlugins(caches, new Volumes(caches));
  }

  /** The cluster as the scheduler would see it once all machines that were asked for have joined, without the nodes named. */
  snapshot(without: ReadonlySet<string> = new Set()): Snapshot {
    const snapshot = new Snapshot();
    const namespaceCache = this.#caches.cache(namespaces);
    snapshot.namespaceLabels = (name) => namespaceCache.get(name)?.metadata.labels;
    for (const node of this.nodes.list()) if (!without.has(node.metadata.name)) snapshot.setNode(node);
    for (const claim of this.claims.list()) if (!this.#hasJoined(claim)) snapshot.setNode(claimedNode(claim));
    for (const pod of this.pods.list()) {
      const { nodeName } = pod.spec ?? {};
      if (nodeName && !without.has(nodeName) && !isFinished(pod)) snapshot.addPod(podInfo(pod), nodeName);
    }
    return snapshot;
  }

  /** Pods that the scheduler found no node for. DaemonSets' wait for their own node. */
  pending(): Stored<Pod>[] {
    return this.pods.list().filter((pod) => isUnschedulable(pod) && !ownerKind(pod, 'DaemonSet'));
  }

  podsOn(node: string): Stored<Pod>[] {
    return this.pods.list().filter((pod) => pod.spec?.nodeName === node && !isFinished(pod));
  }

  /** What DaemonSets would put on this node. */
  daemons(node: Stored<Node>): PodInfo[] {
    return this.#daemonSets
      .list()
      .filter((set) => placementOn(node, set).shouldRun)
      .map(({ metadata, spec }) => {
        const name = `${metadata.namespace}-${metadata.name}-${node.metadata.name}`;
        const about = {
          ...spec.template.metadata,
          name,
          namespace: metadata.namespace,
          uid: name,
          resourceVersion: '0',
        };
        return podInfo({ metadata: about, spec: spec.template.spec } as Stored<Pod>);
      });
  }

  /** Before it takes pods its node does not look like what it will be, and others would be made for the pods that wait for it. */
  #hasJoined({ status }: NodeClaim): boolean {
    const node = this.nodes.get(status?.nodeName ?? status?.instanceID ?? '');
    return node !== undefined && !isUninitialized(node);
  }
}

export function isUnschedulable({ metadata, spec, status }: Stored<Pod>): boolean {
  if (spec?.nodeName || metadata.deletionTimestamp || status?.nominatedNodeName) return false;
  return Boolean(status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable'));
}

export function ownerKind({ metadata }: Stored<Pod>, kind: string): boolean {
  return metadata.ownerReferences?.some((owner) => owner.controller && owner.kind === kind) ?? false;
}
