import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../lib/api/types.ts';
import { pods } from '../../lib/client/resource-type.ts';
import { VolumeError } from '../volumes/payload.ts';
import { podReference } from './container-events.ts';
import type { PodEquipment } from './equipment.ts';
import { Kills } from './kills.ts';
import { type Plan, planPod, type Start } from './plan.ts';
import { PodVolumes } from './pod-volumes.ts';
import { removePod } from './remove-pod.ts';
import { hasEnded, Report } from './report.ts';
import { Resizes } from './resizes.ts';
import { Restarts } from './restarts.ts';
import { type RuntimePod, readySandboxes, runningContainers } from './runtime-pod.ts';
import { TERMINATED } from './shutdown.ts';
import { podIPsOf, startPod } from './start-pod.ts';

/** Sandboxes that die as soon as they are made must not be made in a tight loop. */
const SANDBOX_PAUSE_MS = 1000;
const YOUNG_MS = 30_000;

/** Why the agent itself ends the pod. */
interface Ended {
  reason: string;
  message: string;
  /** To make room for others. */
  disruption?: true;
}

/** Source: immediateEvictionGracePeriodSeconds in pkg/kubelet/eviction/eviction_manager.go. */
const EVICTION_GRACE_SECONDS = 1;

/**
 * One pod of this node: compares what the API wants with what the runtime has, does what is missing, reports.
 * All that takes long goes on beside `sync` and wakes it when it ends; `sync` itself never runs twice at once.
 */
export class PodWorker {
  readonly uid: string;
  readonly #equipment: PodEquipment;
  readonly #wake: () => void;
  readonly #kills: Kills;
  readonly #restarts: Restarts;
  readonly #volumes: PodVolumes;
  readonly #resizes: Resizes;
  readonly #report: Report;
  /** Containers whose postStart hook runs. */
  readonly #hooks = new Set<string>();
  /** As the API last had it; after its deletion the last we saw. */
  #pod: Pod | undefined;
  #gone = false;
  #removed = false;
  #admitted = false;
  #ended: Ended | undefined;
  /** The node goes down: how many seconds containers may take to end. */
  #shutdownSeconds: number | undefined;
  #stopped = false;
  #starting: AbortController | undefined;
  #started: Promise<void> | undefined;
  #retryAtMs = 0;

  constructor(uid: string, equipment: PodEquipment, wake: () => void) {
    const { context, recorder, events } = equipment;
    this.uid = uid;
    this.#equipment = equipment;
    this.#wake = wake;
    this.#kills = new Kills(context, recorder, wake);
    this.#restarts = new Restarts(context.clock, events);
    this.#volumes = new PodVolumes(uid, equipment);
    this.#resizes = new Resizes(equipment, this.#kills);
    this.#report = new Report(equipment, {
      waiting: (name) => this.#restarts.waiting(name),
      starting: (id) => this.#hooks.has(id),
    });
  }

  get pod(): Pod | undefined {
    return this.#pod;
  }

  /** Nothing of the pod is left on this node. */
  get removed(): boolean {
    return this.#removed;
  }

  /** Whether the pod counts against the node's resources. */
  get active(): boolean {
    return this.#admitted && !this.#gone && !hasEnded(this.#pod);
  }

  /** Something of it may end by itself soon: the runtime is to be looked at often. */
  get busy(): boolean {
    return this.#starting !== undefined || this.#kills.size > 0 || this.#young;
  }

  /** Its init containers follow one another. One that stays Pending is not worth the trouble. */
  get #young(): boolean {
    const { phase, startTime } = this.#pod?.status ?? {};
    const age = this.#equipment.context.clock.now() - Date.parse(startTime ?? '');
    return phase === 'Pending' && age < YOUNG_MS;
  }

  /** An answer to our own write may come before the watch tells of what was before it. */
  update(pod: Pod): void {
    const known = Number(this.#pod?.metadata?.resourceVersion ?? 0);
    if (Number(pod.metadata?.resourceVersion ?? 0) < known) return;
    // Labels and annotations are what downwardAPI volumes show.
    const { labels, annotations } = this.#pod?.metadata ?? {};
    const same = isDeepStrictEqual([labels, annotations], [pod.metadata?.labels, pod.metadata?.annotations]);
    if (this.#pod && !same) this.#volumes.changed();
    this.#pod = pod;
  }

  /** The API has no such pod any more. */
  forget(): void {
    this.#gone = true;
  }

  /** Ends the pod at once and for good, so that the node has room. */
  evict(message: string): void {
    this.#ended ??= { reason: 'Evicted', message, disruption: true };
  }

  /** The node goes down. Source: killPods in pkg/kubelet/nodeshutdown. */
  shutDown(limitSeconds: number): void {
    this.#shutdownSeconds ??= limitSeconds;
  }

  /** Seen at the node's shutdown: nothing of the pod runs any more. */
  get stopped(): boolean {
    return this.#stopped || this.#removed;
  }

  /** What the volumes are made of: a pod that waits for it need not wait longer. */
  volumesChanged(): void {
    this.#volumes.changed();
    this.#retryAtMs = 0;
  }

  /** The agent is to end: nothing new is begun. Resolves when nothing of ours is under way but stops of containers. */
  async release(): Promise<void> {
    this.#starting?.abort(new Error('the agent ends'));
    await this.#started;
  }

  /** Returns when to look again, in milliseconds; undefined: when something happens. */
  async sync(namespace: string, name: string): Promise<number | undefined> {
    const pod = this.#pod;
    if (!pod || this.#gone) return this.#syncGone(namespace, name);
    const runtime = await this.#observe(pod);
    if (this.#shutdownSeconds !== undefined) return this.#shutDown(pod, runtime, this.#shutdownSeconds);
    this.#checkDeadline(pod);
    this.#equipment.prober.sync(pod, runtime, podIPsOf(pod, runtime, this.#equipment.context.config)[0] ?? '');
    const terminating = pod.metadata?.deletionTimestamp || this.#ended || hasEnded(pod);
    return terminating ? this.#terminate(pod, runtime) : this.#run(pod, runtime);
  }

  /** Sandboxes and volumes stay for whoever takes the node up again, or takes it away. */
  #shutDown(pod: Pod, runtime: RuntimePod, limitSeconds: number): undefined {
    if (!hasEnded(pod)) this.#ended ??= { ...TERMINATED, disruption: true };
    this.#starting?.abort(new Error('the node shuts down'));
    this.#send(pod, runtime, true);
    if (this.#starting) return;
    const running = runningContainers(runtime).length > 0 || this.#kills.size > 0;
    if (running) this.#kills.killAll(pod, runtime, '', Math.min(limitSeconds, shutdownGraceOf(pod)));
    this.#stopped = !running;
  }

  #observe(pod: Pod): Promise<RuntimePod> {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    return this.#equipment.observer.pod(this.uid, namespace, name);
  }

  // A pod that shall run

  async #run(pod: Pod, runtime: RuntimePod): Promise<number | undefined> {
    if (!this.#admit(pod, runtime)) return this.#terminate(pod, runtime);
    await this.#resizes.sync(pod, runtime);
    const plan = planPod({ pod, runtime, probes: this.#equipment.prober });
    // What is being started is not to be judged by the instance before it.
    const starts = this.#starting
      ? []
      : plan.start.filter((one) => this.#restarts.mayStart(pod, runtime, one.container));
    this.#send(pod, runtime, false);
    if (plan.killPod && plan.createSandbox === undefined) return this.#finish(pod, runtime);
    if (this.#starting || this.#kills.size > 0) return this.#nextLook(pod);
    if (plan.killPod && runningContainers(runtime).length > 0) {
      this.#kills.killAll(pod, runtime, 'Pod sandbox changed, it will be killed and re-created.');
      return undefined;
    }
    await this.#volumes.refresh(pod, runtime);
    this.#carryOut(pod, runtime, plan, starts);
    return this.#nextLook(pod);
  }

  #carryOut(pod: Pod, runtime: RuntimePod, plan: Plan, starts: readonly Start[]): void {
    for (const kill of plan.kill) this.#kills.kill(pod, runtime, kill);
    const killing = new Set(plan.kill.map(({ container }) => container.name));
    const now = starts.filter(({ container }) => !killing.has(container.name));
    const due = this.#equipment.context.clock.now() >= this.#retryAtMs;
    if (due && (now.length > 0 || plan.createSandbox !== undefined)) this.#start(pod, runtime, plan, now);
  }

  /** All containers have ended for good: the status says so, then the sandbox goes. */
  async #finish(pod: Pod, runtime: RuntimePod): Promise<undefined> {
    if (runningContainers(runtime).length > 0) this.#kills.killAll(pod, runtime, '');
    else if (!this.#starting) await this.#stopSandboxes(runtime);
  }

  #admit(pod: Pod, runtime: RuntimePod): boolean {
    // What ran here before the agent started was admitted then.
    if (this.#admitted || runtime.sandboxes.length > 0) this.#admitted = true;
    const refused = this.#admitted ? undefined : this.#equipment.refusal(pod);
    if (!refused) {
      this.#admitted = true;
      return true;
    }
    this.#equipment.recorder.warning(podReference(pod), refused.reason, refused.message);
    this.#ended = { reason: refused.reason, message: `Pod was rejected: ${refused.message}` };
    return false;
  }

  #start(pod: Pod, runtime: RuntimePod, plan: Plan, starts: readonly Start[]): void {
    const abort = new AbortController();
    const { clock, log } = this.#equipment.context;
    if (plan.createSandbox) this.#retryAtMs = clock.now() + SANDBOX_PAUSE_MS;
    this.#starting = abort;
    this.#started = startPod(this.#equipment, {
      pod,
      runtime,
      plan,
      starts,
      signal: abort.signal,
      changed: this.#wake,
      volumesReady: (paths) => this.#volumes.ready(paths),
      beforeContainer: (name) => this.#restarts.begin(runtime, name),
      containerStarted: (name) => this.#restarts.succeeded(name),
      containerFailed: (name, error) => this.#restarts.failed(name, error),
      hook: (id, running) => (running ? this.#hooks.add(id) : this.#hooks.delete(id)),
    })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        this.#retryAtMs = clock.now() + this.#volumes.retryDelayMs(error);
        // What a volume lacks is told by an event.
        if (error instanceof VolumeError) return;
        log('cannot start a pod', { pod: `${pod.metadata?.namespace}/${pod.metadata?.name}`, error });
      })
      .finally(() => {
        this.#starting = undefined;
        this.#wake();
      });
  }

  /** The earliest moment at which something may be tried again, or the deadline passes. */
  #nextLook(pod: Pod): number | undefined {
    const now = this.#equipment.context.clock.now();
    const parts = [this.#restarts.retryTimes, this.#volumes.dueTimes, [this.#resizes.retryAtMs, this.#retryAtMs]];
    const coming = [...parts.flat(), deadlineMs(pod) ?? 0].filter((at) => at > now);
    return coming.length ? Math.min(...coming) - now : undefined;
  }

  #checkDeadline(pod: Pod): void {
    const at = deadlineMs(pod);
    if (at === undefined || this.#ended || hasEnded(pod) || this.#equipment.context.clock.now() < at) return;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#equipment.recorder.normal(podReference(pod), 'DeadlineExceeded', message);
    this.#ended = { reason: 'DeadlineExceeded', message };
  }

  // A pod that shall end

  async #terminate(pod: Pod, runtime: RuntimePod): Promise<undefined> {
    this.#starting?.abort(new Error('the pod is to end'));
    this.#send(pod, runtime, true);
    if (this.#starting) return;
    if (runningContainers(runtime).length > 0 || this.#kills.size > 0) {
      this.#kills.killAll(pod, runtime, '', this.#ended?.disruption && EVICTION_GRACE_SECONDS);
      return;
    }
    await this.#stopSandboxes(runtime);
    await this.#volumes.tearDown();
    if (pod.metadata?.deletionTimestamp) await this.#delete(pod, runtime);
  }

  /** The API forgets the pod only when nothing of it runs and its last status is written. A finalizer may still keep the object. */
  async #delete(pod: Pod, runtime: RuntimePod): Promise<void> {
    this.#send(pod, await this.#observe(pod), true, true);
    await this.#equipment.writer.flush(this.uid);
    const { namespace, name, uid } = pod.metadata!;
    const ref = { namespace, name: name! };
    const deletion = this.#equipment.context.client.delete(pods, ref, {
      gracePeriodSeconds: 0,
      ...(uid ? { uid } : {}),
    });
    await deletion.catch(this.#equipment.unlessGone);
    await removePod(this.#equipment, runtime);
  }

  async #stopSandboxes(runtime: RuntimePod): Promise<void> {
    for (const { id } of readySandboxes(runtime)) await this.#equipment.context.runtime.stopPodSandbox(id);
  }

  // A pod of which the API knows nothing: deleted by force, or while the agent was away

  async #syncGone(namespace: string, name: string): Promise<undefined> {
    this.#starting?.abort(new Error('the pod is gone'));
    const runtime = await this.#equipment.observer.pod(this.uid, namespace, name);
    if (this.#starting) return;
    if (runningContainers(runtime).length > 0 || this.#kills.size > 0) {
      if (this.#pod) this.#kills.killAll(this.#pod, runtime, '');
      else this.#kills.killOrphans(runtime);
      return;
    }
    await this.#stopSandboxes(runtime);
    await removePod(this.#equipment, runtime);
    this.#equipment.forget(this.uid);
    this.#removed = true;
  }

  #send(pod: Pod, runtime: RuntimePod, terminating: boolean, gone = false): void {
    const terminal = terminating && runningContainers(runtime).length === 0;
    // A pod that the agent ends is Failed only when nothing of it runs any more: others may then take its place.
    const ended = terminal || !this.#admitted ? this.#ended : undefined;
    const rejected = ended !== undefined && !this.#admitted;
    this.#report.send(pod, { runtime, terminal, gone, ended, rejected, pendingResize: this.#resizes.pending });
  }
}

function shutdownGraceOf({ metadata, spec }: Pod): number {
  return metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? Number.POSITIVE_INFINITY;
}

function deadlineMs(pod: Pod): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  const start = pod.status?.startTime;
  return seconds === undefined || !start ? undefined : Date.parse(start) + seconds * 1000;
}
