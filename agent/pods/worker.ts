import { isDeepStrictEqual } from 'node:util';
import type { Pod, PodStatus } from '../../lib/api/types.ts';
import { pods } from '../../lib/client/resource-type.ts';
import { AGENT_CONDITIONS } from '../status/conditions.ts';
import type { WaitingReason } from '../status/container-statuses.ts';
import { podStatus } from '../status/pod-status.ts';
import type { VolumePaths } from '../volumes/volumes.ts';
import { BackoffBook } from './back-off.ts';
import { podReference } from './container-events.ts';
import type { PodEquipment } from './equipment.ts';
import { Kills } from './kills.ts';
import { type Plan, planPod, type Start } from './plan.ts';
import { removePod } from './remove-pod.ts';
import { findContainer, type RuntimePod, readySandboxes, runningContainers } from './runtime-pod.ts';
import type { StartError } from './start-error.ts';
import { podIPsOf, startPod } from './start-pod.ts';

/** How long until what failed is tried again. Source: pod_workers.go backOffPeriod. */
const RETRY_MS = 10_000;

const SANDBOX_PAUSE_MS = 1000;

export interface Ended {
  reason: string;
  message: string;
}

/**
 * One pod of this node: compares what the API wants with what the runtime has, does what is missing, reports.
 * All that takes long goes on beside `sync` and wakes it when it ends; `sync` itself never runs twice at once.
 */
export class PodWorker {
  readonly uid: string;
  readonly #equipment: PodEquipment;
  readonly #wake: () => void;
  readonly #backoffs = new BackoffBook();
  readonly #waiting = new Map<string, WaitingReason & { retryAtMs: number }>();
  /** Containers whose postStart hook runs. */
  readonly #hooks = new Set<string>();
  readonly #kills: Kills;
  /** As the API last had it; after its deletion the last we saw. */
  #pod: Pod | undefined;
  #gone = false;
  #ended: Ended | undefined;
  #admitted = false;
  #paths: VolumePaths | undefined;
  #starting: AbortController | undefined;
  #removed = false;
  #started: Promise<void> | undefined;
  #retryAtMs = 0;
  #reported: PodStatus | undefined;
  #volumesStale = false;
  #volumesRetryAtMs = 0;

  constructor(uid: string, equipment: PodEquipment, wake: () => void) {
    this.uid = uid;
    this.#equipment = equipment;
    this.#wake = wake;
    this.#kills = new Kills(equipment.context, equipment.recorder, wake);
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
    const phase = this.#pod?.status?.phase;
    return this.#admitted && !this.#gone && phase !== 'Failed' && phase !== 'Succeeded';
  }

  /** Something of it may end by itself soon: the runtime is to be looked at often. */
  get busy(): boolean {
    return this.#starting !== undefined || this.#kills.size > 0;
  }

  /** An answer to our own write may come before the watch tells of what was before it. */
  update(pod: Pod): void {
    const known = Number(this.#pod?.metadata?.resourceVersion ?? 0);
    if (Number(pod.metadata?.resourceVersion ?? 0) < known) return;
    // Labels and annotations are what downwardAPI volumes show.
    const { labels, annotations } = this.#pod?.metadata ?? {};
    const same = isDeepStrictEqual([labels, annotations], [pod.metadata?.labels, pod.metadata?.annotations]);
    if (this.#pod && !same) this.#volumesStale = true;
    this.#pod = pod;
  }

  /** The API has no such pod any more. */
  forget(): void {
    this.#gone = true;
  }

  /** The agent is to end: nothing new is begun. Resolves when nothing of ours is under way but stops of containers. */
  async release(): Promise<void> {
    this.#starting?.abort(new Error('the agent ends'));
    await this.#started;
  }

  /** The agent ends the pod: eviction. */
  end(ended: Ended): void {
    this.#ended ??= ended;
  }

  /** What its volumes are made of has changed. */
  volumesChanged(): void {
    this.#volumesStale = true;
  }

  /** Returns when to look again, in milliseconds; undefined: when something happens. */
  async sync(namespace: string, name: string): Promise<number | undefined> {
    const pod = this.#pod;
    if (!pod || this.#gone) return this.#syncGone(namespace, name);
    const runtime = await this.#observe(pod);
    this.#checkDeadline(pod);
    this.#equipment.prober.sync(pod, runtime, podIPsOf(pod, runtime, this.#equipment.context.config)[0] ?? '');
    return this.#terminating() ? this.#terminate(pod, runtime) : this.#run(pod, runtime);
  }

  #observe(pod: Pod): Promise<RuntimePod> {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    return this.#equipment.observer.pod(this.uid, namespace, name);
  }

  #terminating(): boolean {
    const phase = this.#pod?.status?.phase;
    return Boolean(
      this.#pod?.metadata?.deletionTimestamp || this.#ended || phase === 'Failed' || phase === 'Succeeded',
    );
  }

  // A pod that shall run

  async #run(pod: Pod, runtime: RuntimePod): Promise<number | undefined> {
    if (!this.#admit(pod, runtime)) return this.#terminate(pod, runtime);
    const plan = planPod({ pod, runtime, probes: this.#equipment.prober });
    // What is being started is not to be judged by the instance before it.
    const starts = this.#starting ? [] : plan.start.filter((start) => this.#mayStart(pod, runtime, start));
    this.#report(pod, runtime, false);
    if (plan.killPod && plan.createSandbox === undefined) return this.#finish(pod, runtime);
    if (this.#starting || this.#kills.size > 0) return this.#nextLook(pod);
    if (plan.killPod && runningContainers(runtime).length > 0) {
      this.#killAll(pod, runtime, 'Pod sandbox changed, it will be killed and re-created.');
      return undefined;
    }
    await this.#refreshVolumes(pod, runtime);
    for (const kill of plan.kill) this.#kills.kill(pod, runtime, kill);
    const killing = new Set(plan.kill.map(({ container }) => container.name));
    const now = starts.filter(({ container }) => !killing.has(container.name));
    const due = this.#equipment.context.clock.now() >= this.#retryAtMs;
    if (due && (now.length > 0 || plan.createSandbox !== undefined)) this.#start(pod, runtime, plan, now);
    return this.#nextLook(pod);
  }

  /** Also after a restart of the agent, which then learns again what the running pod refers to. */
  async #refreshVolumes(pod: Pod, runtime: RuntimePod): Promise<void> {
    const { context, tokens, references, recorder } = this.#equipment;
    const now = context.clock.now();
    const tokenDue = (tokens.renewAt(this.uid) ?? Number.POSITIVE_INFINITY) <= now;
    if (readySandboxes(runtime).length === 0 || now < this.#volumesRetryAtMs) return;
    if (this.#paths && !this.#volumesStale && !tokenDue) return;
    this.#volumesStale = false;
    try {
      references.follow(pod);
      this.#paths = await this.#equipment.setUpVolumes(pod, podIPsOf(pod, runtime, context.config));
    } catch (error) {
      this.#volumesStale = true;
      this.#volumesRetryAtMs = now + RETRY_MS;
      recorder.warning(podReference(pod), 'FailedMount', error instanceof Error ? error.message : String(error));
    }
  }

  /** All containers have ended for good: the status says so, then the sandbox goes. */
  async #finish(pod: Pod, runtime: RuntimePod): Promise<number | undefined> {
    if (runningContainers(runtime).length > 0) this.#killAll(pod, runtime, '');
    else if (!this.#starting) await this.#stopSandboxes(runtime);
    return undefined;
  }

  #admit(pod: Pod, runtime: RuntimePod): boolean {
    // What ran here before the agent started was admitted then.
    if (this.#admitted || runtime.sandboxes.length > 0) this.#admitted = true;
    if (this.#admitted) return true;
    const refused = this.#equipment.refusal(pod);
    if (!refused) {
      this.#admitted = true;
      return true;
    }
    this.#equipment.recorder.warning(podReference(pod), refused.reason, refused.message);
    this.#ended = { reason: refused.reason, message: `Pod was rejected: ${refused.message}` };
    return false;
  }

  #mayStart(pod: Pod, runtime: RuntimePod, { container }: Start): boolean {
    const now = this.#equipment.context.clock.now();
    const last = findContainer(runtime, container.name);
    const retryAtMs =
      last?.state === 'EXITED' ? this.#backoffs.retryAt(container.name, last.finishedAtMs, now) : undefined;
    if (retryAtMs !== undefined) {
      this.#backOff(pod, container.name, retryAtMs);
      return false;
    }
    return (this.#waiting.get(container.name)?.retryAtMs ?? 0) <= now;
  }

  #backOff(pod: Pod, name: string, retryAtMs: number): void {
    const { namespace, name: podName, uid } = pod.metadata!;
    const wait = this.#backoffs.get(name)!.waitMs / 1000;
    const who = `${podName}_${namespace}(${uid})`;
    const message = `back-off ${goSeconds(wait)} restarting failed container=${name} pod=${who}`;
    if (this.#waiting.get(name)?.message !== message)
      this.#equipment
        .events(pod, name)
        .warning('BackOff', `Back-off restarting failed container ${name} in pod ${who}`);
    this.#waiting.set(name, { reason: 'CrashLoopBackOff', message, retryAtMs });
  }

  #start(pod: Pod, runtime: RuntimePod, plan: Plan, starts: readonly Start[]): void {
    const abort = new AbortController();
    this.#starting = abort;
    const { clock, log } = this.#equipment.context;
    // Sandboxes that die as soon as they are made must not be made in a tight loop.
    if (plan.createSandbox) this.#retryAtMs = clock.now() + SANDBOX_PAUSE_MS;
    this.#started = startPod(this.#equipment, {
      pod,
      runtime,
      plan,
      starts,
      signal: abort.signal,
      changed: this.#wake,
      volumesReady: (paths) => {
        this.#paths = paths;
      },
      beforeContainer: (name) => {
        const last = findContainer(runtime, name);
        if (last?.state === 'EXITED') this.#backoffs.next(name, last.finishedAtMs, clock.now());
      },
      containerStarted: (name) => this.#waiting.delete(name),
      containerFailed: (name, error) => this.#failed(name, error),
      hook: (id, running) => (running ? this.#hooks.add(id) : this.#hooks.delete(id)),
    })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        this.#retryAtMs = clock.now() + RETRY_MS;
        log('cannot start a pod', { pod: `${pod.metadata?.namespace}/${pod.metadata?.name}`, error });
      })
      .finally(() => {
        this.#starting = undefined;
        this.#wake();
      });
  }

  #failed(name: string, error: StartError): void {
    const retryAtMs = error.retryAtMs ?? this.#equipment.context.clock.now() + RETRY_MS;
    this.#waiting.set(name, { reason: error.reason, message: error.message, retryAtMs });
  }

  /** The earliest moment at which something may be tried again, or the deadline passes. */
  #nextLook(pod: Pod): number | undefined {
    const now = this.#equipment.context.clock.now();
    const times = [...this.#waiting.values()].map(({ retryAtMs }) => retryAtMs);
    times.push(
      this.#retryAtMs,
      this.#volumesRetryAtMs,
      deadlineMs(pod) ?? 0,
      this.#equipment.tokens.renewAt(this.uid) ?? 0,
    );
    const coming = times.filter((at) => at > now);
    return coming.length ? Math.min(...coming) - now : undefined;
  }

  #checkDeadline(pod: Pod): void {
    const at = deadlineMs(pod);
    if (at === undefined || this.#ended || this.#equipment.context.clock.now() < at) return;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#equipment.recorder.normal(podReference(pod), 'DeadlineExceeded', message);
    this.#ended = { reason: 'DeadlineExceeded', message };
  }

  // A pod that shall end

  async #terminate(pod: Pod, runtime: RuntimePod): Promise<number | undefined> {
    this.#starting?.abort(new Error('the pod is to end'));
    this.#report(pod, runtime, true);
    if (this.#starting) return undefined;
    if (runningContainers(runtime).length > 0 || this.#kills.size > 0) {
      this.#killAll(pod, runtime, '');
      return undefined;
    }
    await this.#stopSandboxes(runtime);
    await this.#equipment.volumes.tearDownVolumes(this.uid);
    this.#paths = undefined;
    this.#equipment.references.forget(this.uid);
    if (pod.metadata?.deletionTimestamp) await this.#delete(pod, runtime);
    return undefined;
  }

  /** The API forgets the pod only when nothing of it runs and its last status is written. */
  async #delete(pod: Pod, runtime: RuntimePod): Promise<void> {
    this.#report(pod, await this.#observe(pod), true);
    await this.#equipment.writer.flush(this.uid);
    const { namespace, name, uid } = pod.metadata!;
    const ref = { namespace, name: name! };
    await this.#equipment.context.client
      .delete(pods, ref, { gracePeriodSeconds: 0, ...(uid ? { uid } : {}) })
      .catch(this.#equipment.unlessGone);
    await removePod(this.#equipment, runtime);
    // A finalizer may keep the object; then there is only its status left to keep.
  }

  #killAll(pod: Pod, runtime: RuntimePod, message: string): void {
    const grace = this.#ended && !pod.metadata?.deletionTimestamp ? this.#graceOfEnd(pod) : undefined;
    this.#kills.killAll(pod, runtime, message, grace);
  }

  #graceOfEnd(pod: Pod): number | undefined {
    return this.#ended?.reason === 'Evicted' ? pod.spec?.terminationGracePeriodSeconds : undefined;
  }

  async #stopSandboxes(runtime: RuntimePod): Promise<void> {
    for (const { id } of readySandboxes(runtime)) await this.#equipment.context.runtime.stopPodSandbox(id);
  }

  // A pod of which the API knows nothing: deleted by force, or while the agent was away

  async #syncGone(namespace: string, name: string): Promise<number | undefined> {
    this.#starting?.abort(new Error('the pod is gone'));
    const runtime = await this.#equipment.observer.pod(this.uid, namespace, name);
    if (this.#starting) return undefined;
    if (runningContainers(runtime).length > 0 || this.#kills.size > 0) {
      if (this.#pod) this.#killAll(this.#pod, runtime, '');
      else this.#kills.killOrphans(runtime);
      return undefined;
    }
    await this.#stopSandboxes(runtime);
    await removePod(this.#equipment, runtime);
    this.#equipment.forget(this.uid);
    this.#removed = true;
    return undefined;
  }

  #report(pod: Pod, runtime: RuntimePod, terminal: boolean): void {
    const { prober, writer, context } = this.#equipment;
    const finished = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
    const nothingRuns = terminal && runningContainers(runtime).length === 0;
    if (finished && runtime.containers.length === 0 && !pod.metadata?.deletionTimestamp) return;
    const status = podStatus({
      pod: { ...pod, status: this.#known(pod) },
      runtime,
      terminal: nothingRuns,
      // A pod that the agent ends is Failed only when nothing of it runs any more: others may then take its place.
      ended: nothingRuns || !this.#admitted ? this.#ended : undefined,
      hostIPs: context.config.nodeIPs,
      now: new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      view: {
        waiting: (name) => this.#waiting.get(name),
        starting: (id) => this.#hooks.has(id),
        started: (id) => prober.started(id),
        ready: (id) => prober.ready(id),
      },
    });
    this.#reported = status;
    writer.set(pod, status);
  }

  /** What we said last, though it may still be on its way, with what others say: times of transitions come from there. */
  #known(pod: Pod): PodStatus {
    const last = this.#reported;
    if (!last) return pod.status ?? {};
    const foreign = (pod.status?.conditions ?? []).filter(({ type }) => !AGENT_CONDITIONS.has(type));
    const own = (last.conditions ?? []).filter(({ type }) => AGENT_CONDITIONS.has(type));
    return { ...last, conditions: [...foreign, ...own] };
  }
}

function deadlineMs(pod: Pod): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  const start = pod.status?.startTime;
  return seconds === undefined || !start ? undefined : Date.parse(start) + seconds * 1000;
}

/** As Go prints whole seconds: 10s, 1m20s, 5m0s. */
export function goSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
