import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** What a plugin says of a node it filters out. */
export interface Rejection {
  /** As kube-scheduler words it; counted over nodes in the event's message. */
  reason: string;
  /** Removing pods would not help: preemption leaves the node out. */
  unresolvable?: boolean;
}

/** Kinds of change that may make an unschedulable pod schedulable: what queueing hints are made of. */
export type ClusterChange = 'node' | 'podRemoved' | 'podAssigned' | 'volume' | 'namespace';

/** A filter and score plugin, named as kube-scheduler names it. State is what `prepare` computed for this pod. */
export interface Plugin<State = any> {
  readonly name: string;
  /** How much its score counts. */
  readonly weight?: number;
  /** Changes that may undo its rejection. */
  readonly requeueOn: readonly ClusterChange[];
  /** Once for each pod, before the nodes are looked at. `undefined`: the plugin has nothing to say of this pod. A rejection: no node will do. */
  prepare?(pod: PodInfo, snapshot: Snapshot): State | PodRejection | undefined;
  /** The node will do unless something is returned. Several reasons are counted each. */
  filter?(state: State, pod: PodInfo, node: NodeInfo): Rejection | readonly Rejection[] | undefined;
  /** Once for each pod, over the nodes that passed. `undefined`: no score. */
  prepareScore?(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): any;
  /** Raw; brought to 0…100 by `normalize`, or already there. */
  score?(state: any, pod: PodInfo, node: NodeInfo): number;
  normalize?(scores: number[], state: any, nodes: readonly NodeInfo[]): void;
}

export class PodRejection {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export const MAX_SCORE = 100;

/** helper.DefaultNormalizeScore: the largest becomes 100; reversed, the largest becomes 0. */
export function normalizeToMax(scores: number[], reverse: boolean): void {
  const max = Math.max(0, ...scores);
  for (let i = 0; i < scores.length; i++) {
    const scaled = max === 0 ? 0 : Math.floor((MAX_SCORE * scores[i]!) / max);
    scores[i] = reverse ? MAX_SCORE - scaled : scaled;
  }
}
