import type { ClusterChange, Plugin } from './framework.ts';
import type { PodInfo } from './pod-info.ts';

interface Pending {
  pod: PodInfo;
  /** What of the pod scheduling depends on: anything else that changes is no reason to try again. */
  signature: string;
  attempts: number;
  /** Not before. */
  readyAtMs: number;
  /** Rejected by these plugins, and waiting for a change that one of them hopes for. */
  rejectedBy: readonly string[] | undefined;
  /** Waits no longer than this, should a change have been missed. Infinity: there are no nodes, and without one nothing can have changed. */
  flushAtMs: number;
  sequence: number;
  underWay: boolean;
}

/** How long a pod that was rejected waits at least: twice as long each time. */
export interface Backoff {
  podInitialBackoffMs: number;
  podMaxBackoffMs: number;
}

/** kube-scheduler's podMaxInUnschedulablePodsDuration. */
const FLUSH_MS = 300_000;

/** The pods that want a node: ready, backing off, or waiting for the cluster to change. */
export class PendingPods {
  readonly #pods = new Map<string, Pending>();
  /** Those that are ready or backing off. Asked for at every change, so it is kept. */
  readonly #active = new Set<Pending>();
  readonly #hints: ReadonlyMap<string, readonly ClusterChange[]>;
  readonly #backoff: Backoff;
  #sequence = 0;

  constructor(plugins: readonly Plugin[], backoff: Backoff) {
    this.#backoff = backoff;
    this.#hints = new Map(plugins.map((plugin) => [plugin.name, plugin.requeueOn]));
  }

  /** Whether any pod is ready or backing off. */
  get active(): boolean {
    return this.#active.size > 0;
  }

  /** A pod came or changed. */
  set(pod: PodInfo): void {
    const signature = signatureOf(pod);
    const known = this.#pods.get(pod.uid);
    if (!known) {
      const sequence = this.#sequence++;
      const fresh = { attempts: 0, readyAtMs: 0, rejectedBy: undefined, flushAtMs: Infinity, underWay: false };
      const pending = { pod, signature, sequence, ...fresh };
      this.#pods.set(pod.uid, pending);
      this.#active.add(pending);
      return;
    }
    known.pod = pod;
    if (known.signature === signature) return;
    known.signature = signature;
    known.readyAtMs = 0;
    this.#release(known);
  }

  delete(uid: string): void {
    const pending = this.#pods.get(uid);
    if (!pending) return;
    this.#pods.delete(uid);
    this.#active.delete(pending);
  }

  /** Ready pods, the most urgent first; they are under way until `reject`, `retry` or `delete`. */
  take(now: number, limit: number): PodInfo[] {
    this.#flush(now);
    const ready = [...this.#active].filter(({ readyAtMs }) => readyAtMs <= now);
    ready.sort((a, b) => b.pod.priority - a.pod.priority || a.sequence - b.sequence);
    const taken = ready.slice(0, limit);
    for (const pending of taken) {
      pending.underWay = true;
      pending.attempts++;
      this.#active.delete(pending);
    }
    return taken.map((pending) => pending.pod);
  }

  /** No node will do: wait for a change, and then for the back-off. */
  reject(uid: string, plugins: readonly string[], now: number): void {
    const pending = this.#pods.get(uid);
    if (!pending) return;
    this.retry(uid, now);
    pending.rejectedBy = plugins;
    pending.flushAtMs = plugins.length > 0 ? now + FLUSH_MS : Infinity;
    this.#active.delete(pending);
  }

  /** Something went wrong: again after the back-off. */
  retry(uid: string, now: number): void {
    const pending = this.#pods.get(uid);
    if (!pending) return;
    pending.underWay = false;
    this.#release(pending);
    const { podInitialBackoffMs, podMaxBackoffMs } = this.#backoff;
    pending.readyAtMs = now + Math.min(podMaxBackoffMs, podInitialBackoffMs * 2 ** (pending.attempts - 1));
  }

  /** Something changed: who was rejected by a plugin that this may help is tried again. No plugin at all: there were no nodes. */
  changed(change: ClusterChange): void {
    for (const pending of this.#pods.values()) {
      const plugins = pending.rejectedBy;
      if (!plugins) continue;
      const hopeful =
        plugins.length === 0 ? change === 'node' : plugins.some((p) => this.#hints.get(p)?.includes(change));
      if (hopeful) this.#release(pending);
    }
  }

  /** When the next pod becomes ready by time alone. */
  nextReadyAtMs(): number | undefined {
    let next = Infinity;
    for (const { underWay, rejectedBy, flushAtMs, readyAtMs } of this.#pods.values()) {
      if (!underWay) next = Math.min(next, rejectedBy ? flushAtMs : readyAtMs);
    }
    return Number.isFinite(next) ? next : undefined;
  }

  #flush(now: number): void {
    for (const pending of this.#pods.values()) if (pending.flushAtMs <= now) this.#release(pending);
  }

  /** It is not waiting for a change any more. */
  #release(pending: Pending): void {
    pending.rejectedBy = undefined;
    if (!pending.underWay) this.#active.add(pending);
  }
}

function signatureOf(pod: PodInfo): string {
  return JSON.stringify([pod.labels, pod.pod.metadata.annotations, pod.spec]);
}
