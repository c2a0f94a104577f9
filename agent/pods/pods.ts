import type { Stored } from '../../lib/api/object.ts';
import { isMirrorPod } from '../../lib/api/pod-references.ts';
import type { Pod } from '../../lib/api/types.ts';
import type { ObjectCache } from '../../lib/client/object-cache.ts';
import { delay } from '../../lib/runtime/clock.ts';
import { createQueue, type WorkQueue } from '../../lib/runtime/queue.ts';
import type { AgentContext } from '../context.ts';
import type { PodEquipment } from './equipment.ts';
import { type ShutdownGrace, shutDownPods } from './shutdown.ts';
import { PodWorker } from './worker.ts';

/** Pods worked on at once: most of their time they wait for the runtime. */
const CONCURRENCY = 32;
/** How often the runtime is asked what changed: the sooner, the more of the node is on its way somewhere. */
const LOOK_MS = 1000;
const BUSY_LOOK_MS = 200;
const FAILURE = { baseMs: 250, maxMs: 30_000, jitter: 0.2 };

/** All pods of this node: hands changes of the API and of the runtime to the pods' workers. */
export class Pods {
  readonly #context: AgentContext;
  readonly #cache: ObjectCache<Pod>;
  readonly #equipment: PodEquipment;
  readonly #queue: WorkQueue;
  readonly #workers = new Map<string, PodWorker>();
  /** What the runtime showed when it was last asked. */
  #seen = new Map<string, string>();
  readonly #static = new Map<string, Stored<Pod>>();
  readonly #names = new Map<string, { namespace: string; name: string }>();

  constructor(context: AgentContext, cache: ObjectCache<Pod>, equipment: PodEquipment) {
    this.#context = context;
    this.#cache = cache;
    this.#equipment = equipment;
    this.#queue = createQueue(context.clock, context.random, FAILURE);
  }

  /** Pods that count against the node's resources, but one. */
  active(exceptUid?: string): Pod[] {
    const pods: Pod[] = [];
    for (const { uid, pod, active } of this.#workers.values()) if (active && pod && uid !== exceptUid) pods.push(pod);
    return pods;
  }

  wake(uid: string): void {
    if (this.#workers.has(uid)) this.#queue.add(uid);
  }

  /** Pods that the API has no say in. One whose manifest changed comes once the one before it has ended. */
  setStatic(wanted: readonly Stored<Pod>[]): void {
    const uids = new Set(wanted.map(({ metadata }) => metadata.uid));
    for (const uid of this.#static.keys()) {
      if (uids.has(uid)) continue;
      this.#static.delete(uid);
      this.#workers.get(uid)?.forget();
      this.wake(uid);
    }
    for (const pod of wanted) {
      const { uid, namespace = '', name } = pod.metadata;
      if (this.#static.has(uid) || this.#isNamed(namespace, name)) continue;
      this.#static.set(uid, pod);
      this.#worker(uid, namespace, name).update(pod);
      this.#queue.add(uid);
    }
  }

  /** The static pods of which something may run. */
  static(): Stored<Pod>[] {
    return [...this.#static.values()];
  }

  #isNamed(namespace: string, name: string): boolean {
    return [...this.#names.values()].some((known) => known.namespace === namespace && known.name === name);
  }

  evict(uid: string, message: string): void {
    this.#workers.get(uid)?.evict(message);
    this.wake(uid);
  }

  /** The node goes down: nothing new is taken, and what runs ends with its grace. Resolves when it has. */
  async shutDown(grace: ShutdownGrace): Promise<void> {
    const wakeAll = () => {
      for (const uid of this.#workers.keys()) this.#queue.add(uid);
    };
    await shutDownPods(this.#context, () => [...this.#workers.values()], wakeAll, grace);
  }

  volumesChanged(uid: string): void {
    this.#workers.get(uid)?.volumesChanged();
    this.wake(uid);
  }

  /** Our own write of a status came back. */
  written(pod: Pod): void {
    const worker = this.#workers.get(pod.metadata?.uid ?? '');
    worker?.update(pod);
    this.wake(pod.metadata?.uid ?? '');
  }

  /** Resolves when all has ended after the signal. What runs goes on running. */
  async run(signal: AbortSignal): Promise<void> {
    this.#cache.subscribe((object, previous) => this.#changed(object, previous));
    await this.#cache.whenSynced(signal);
    const workers = Array.from({ length: CONCURRENCY }, () => this.#work(signal));
    await Promise.all([...workers, this.#look(signal)]);
    await Promise.all([...this.#workers.values()].map((worker) => worker.release()));
  }

  #changed(object: Stored<Pod> | undefined, previous: Stored<Pod> | undefined): void {
    if (previous && previous.metadata.uid !== object?.metadata.uid) {
      this.#workers.get(previous.metadata.uid)?.forget();
      this.wake(previous.metadata.uid);
    }
    if (!object || isMirrorPod(object)) return;
    const { uid, namespace = '', name } = object.metadata;
    this.#worker(uid, namespace, name).update(object);
    this.#queue.add(uid);
  }

  #worker(uid: string, namespace: string, name: string): PodWorker {
    const known = this.#workers.get(uid);
    if (known) return known;
    const worker = new PodWorker(uid, this.#equipment, () => this.#queue.add(uid));
    this.#workers.set(uid, worker);
    this.#names.set(uid, { namespace, name });
    return worker;
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let uid = await this.#queue.next(signal); uid !== undefined; uid = await this.#queue.next(signal)) {
      try {
        await this.#sync(uid);
        this.#queue.forget(uid);
      } catch (error) {
        this.#context.log('cannot bring a pod to its wanted state', { uid, ...this.#names.get(uid), error });
        this.#queue.addRateLimited(uid);
      } finally {
        this.#queue.done(uid);
      }
    }
  }

  async #sync(uid: string): Promise<void> {
    const worker = this.#workers.get(uid);
    if (!worker) return;
    const { namespace, name } = this.#names.get(uid)!;
    const againMs = await worker.sync(namespace, name);
    if (worker.removed) {
      this.#workers.delete(uid);
      this.#names.delete(uid);
    } else if (againMs !== undefined) this.#queue.addAfter(uid, againMs);
  }

  /** Asks the runtime what changed, and wakes whom it concerns. Pods that the API does not know are ended. */
  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#lookOnce();
      } catch (error) {
        this.#context.log('cannot ask the container runtime for its pods', { error });
      }
      const busy = [...this.#workers.values()].some((worker) => worker.busy);
      await delay(this.#context.clock, busy ? BUSY_LOOK_MS : LOOK_MS, signal);
    }
  }

  async #lookOnce(): Promise<void> {
    const summaries = await this.#equipment.observer.summaries();
    for (const { uid, namespace, name, signature } of summaries.values()) {
      if (this.#seen.get(uid) === signature) continue;
      if (!this.#workers.has(uid)) this.#worker(uid, namespace, name).forget();
      this.#queue.add(uid);
    }
    for (const uid of this.#seen.keys()) if (!summaries.has(uid)) this.wake(uid);
    this.#seen = new Map([...summaries.values()].map(({ uid, signature }) => [uid, signature]));
  }
}
