import type { Stored } from '../../lib/api/object.ts';
import { type Amounts, amounts } from '../../lib/api/scheduling/pod-requests.ts';
import type { Node } from '../../lib/api/types.ts';
import type { HostPort, PodInfo } from './pod-info.ts';

/** A node and what is on it, kept up to date pod by pod. */
export class NodeInfo {
  readonly name: string;
  /** Absent while pods are bound to a node that is not there (yet, or any more). */
  node: Stored<Node> | undefined;
  allocatable: Amounts = new Map();
  readonly images = new Map<string, number>();
  readonly requested: Amounts = new Map();
  readonly scored: Amounts = new Map();
  readonly pods = new Map<string, PodInfo>();
  /** Those of its pods that may refuse or attract others. */
  readonly podsWithAffinity = new Map<string, PodInfo>();

  constructor(name: string) {
    this.name = name;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node?.metadata.labels ?? {};
  }

  setNode(node: Stored<Node> | undefined): void {
    this.node = node;
    this.allocatable = amounts(node?.status?.allocatable);
    this.images.clear();
    for (const image of node?.status?.images ?? []) {
      for (const name of image.names ?? []) this.images.set(name, image.sizeBytes ?? 0);
    }
  }

  add(pod: PodInfo): void {
    this.pods.set(pod.uid, pod);
    if (hasAffinity(pod)) this.podsWithAffinity.set(pod.uid, pod);
    count(this.requested, pod.requests, 1);
    count(this.scored, pod.scoredRequests, 1);
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid);
    if (!pod) return;
    this.pods.delete(uid);
    this.podsWithAffinity.delete(uid);
    count(this.requested, pod.requests, -1);
    count(this.scored, pod.scoredRequests, -1);
  }

  /** 0.0.0.0 stands for every address. */
  portTaken(wanted: HostPort): boolean {
    for (const pod of this.pods.values()) {
      for (const held of pod.hostPorts) if (clash(held, wanted)) return true;
    }
    return false;
  }
}

function clash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
}

function hasAffinity(pod: PodInfo): boolean {
  return (
    pod.affinity.length + pod.antiAffinity.length + pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0
  );
}

function count(total: Amounts, change: Amounts, sign: 1 | -1): void {
  for (const [name, value] of change) total.set(name, (total.get(name) ?? 0) + sign * value);
}
