import type { Stored } from '../../lib/api/object.ts';
import type { LabelMatcher, Labels } from '../../lib/api/selectors.ts';
import type { Node } from '../../lib/api/types.ts';
import { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Counts of matching pods that are kept up to date rather than counted anew for each pod of a batch. */
const MAX_COUNTS = 64;

interface Counts {
  namespace: string;
  selector: LabelMatcher;
  byNode: Map<string, number>;
}

/** What the scheduler believes of the cluster: what it has seen, and what it has decided but not yet seen come back (assumed). */
export class Snapshot {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #nodeOf = new Map<string, string>();
  readonly #assumed = new Set<string>();
  readonly #counts = new Map<string, Counts>();
  /** Pods that wait for room which preemption makes for them. */
  readonly #nominated = new Map<string, { pod: PodInfo; node: string }>();
  #listed: NodeInfo[] | undefined;
  namespaceLabels: (namespace: string) => Labels = () => undefined;

  /** Nodes that exist. */
  nodes(): readonly NodeInfo[] {
    this.#listed ??= [...this.#nodes.values()].filter((info) => info.node);
    return this.#listed;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  setNode(node: Stored<Node>): void {
    this.#info(node.metadata.name).setNode(node);
    this.#listed = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    info?.setNode(undefined);
    this.#drop(info);
    this.#listed = undefined;
  }

  /** A pod on a node: seen, or assumed. What is seen replaces what was assumed. */
  addPod(pod: PodInfo, nodeName: string, assumed = false): void {
    if (assumed) this.#assumed.add(pod.uid);
    else this.#assumed.delete(pod.uid);
    this.#nominated.delete(pod.uid);
    this.#place(pod, nodeName);
  }

  #place(pod: PodInfo, nodeName: string): void {
    this.#take(pod.uid);
    this.#nodeOf.set(pod.uid, nodeName);
    this.#info(nodeName).add(pod);
    this.#recount(pod, nodeName, 1);
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid);
    this.#nominated.delete(uid);
    this.#take(uid);
  }

  nominate(pod: PodInfo, node: string): void {
    this.#nominated.set(pod.uid, { pod, node });
  }

  nominatedNode(uid: string): string | undefined {
    return this.#nominated.get(uid)?.node;
  }

  clearNomination(uid: string): void {
    this.#nominated.delete(uid);
  }

  /** Takes pods away for a what-if; the function returned puts one back. */
  withdraw(uids: readonly string[]): (uid: string) => void {
    const places = new Map<string, { pod: PodInfo; node: string }>();
    for (const uid of uids) {
      const node = this.#nodeOf.get(uid);
      const pod = node === undefined ? undefined : this.#nodes.get(node)?.pods.get(uid);
      if (pod && node !== undefined) places.set(uid, { pod, node });
      this.#take(uid);
    }
    return (uid) => {
      const place = places.get(uid);
      if (place && !this.#nodeOf.has(uid)) this.#place(place.pod, place.node);
    };
  }

  /** Runs with the nominated pods that matter to this one on their nodes: it may not take their room. */
  beside<T>(pod: PodInfo, run: () => T): T {
    const others = [...this.#nominated.values()].filter(
      (other) => other.pod.uid !== pod.uid && other.pod.priority >= pod.priority,
    );
    for (const other of others) this.#place(other.pod, other.node);
    try {
      return run();
    } finally {
      for (const other of others) this.#take(other.pod.uid);
    }
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** Living pods of the namespace that match, by node; nodes without any are absent. */
  matching(namespace: string, selector: LabelMatcher): ReadonlyMap<string, number> {
    const key = `${namespace}\0${selector.toString()}`;
    const known = this.#counts.get(key);
    if (known) return known.byNode;
    const counts: Counts = { namespace, selector, byNode: new Map() };
    for (const info of this.#nodes.values()) {
      for (const pod of info.pods.values()) count(counts, pod, info.name, 1);
    }
    if (this.#counts.size >= MAX_COUNTS) this.#counts.clear();
    this.#counts.set(key, counts);
    return counts.byNode;
  }

  #take(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const info = this.#nodes.get(nodeName);
    const pod = info?.pods.get(uid);
    if (!info || !pod) return;
    this.#recount(pod, nodeName, -1);
    info.remove(uid);
    this.#drop(info);
  }

  #recount(pod: PodInfo, nodeName: string, sign: 1 | -1): void {
    for (const counts of this.#counts.values()) count(counts, pod, nodeName, sign);
  }

  #info(name: string): NodeInfo {
    const info = this.#nodes.get(name) ?? new NodeInfo(name);
    this.#nodes.set(name, info);
    return info;
  }

  #drop(info: NodeInfo | undefined): void {
    if (info && !info.node && info.pods.size === 0) this.#nodes.delete(info.name);
  }
}

/** Terminating pods do not count. Source: podtopologyspread, countPodsMatchSelector. */
function count({ namespace, selector, byNode }: Counts, pod: PodInfo, nodeName: string, sign: 1 | -1): void {
  if (pod.terminating || pod.namespace !== namespace || !selector.matches(pod.labels)) return;
  byNode.set(nodeName, (byNode.get(nodeName) ?? 0) + sign);
}
