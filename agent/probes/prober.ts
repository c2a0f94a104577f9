import type { Container, Pod, Probe } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import type { Timer } from '../../lib/runtime/clock.ts';
import type { AgentContext } from '../context.ts';
import { containerEvents } from '../pods/container-events.ts';
import type { ProbeView } from '../pods/plan.ts';
import type { RuntimeContainer, RuntimePod } from '../pods/runtime-pod.ts';
import { initialState, nextState, type ProbeState, type ProbeType, SUCCEEDED } from './probe-state.ts';
import { type Outcome, runProbe } from './run-probe.ts';

const TYPES: readonly ProbeType[] = ['startup', 'readiness', 'liveness'];
/** A probe that cannot be run is tried so often at once. Source: prober.go maxProbeRetries. */
const RETRIES = 3;
const DEFAULT_PERIOD_SECONDS = 10;

interface Watched {
  pod: Pod;
  container: Container;
  instance: RuntimeContainer;
  podIP: string;
  type: ProbeType;
  probe: Probe;
  state: ProbeState;
  timer?: Timer;
}

/** Probes what runs, and remembers what it found by container id. */
export class Prober implements ProbeView {
  readonly #context: AgentContext;
  readonly #recorder: EventRecorder;
  readonly #changed: (podUid: string) => void;
  readonly #watched = new Map<string, Watched>();
  /** Containers with a startup or readiness probe: without one they count as started and ready. */
  readonly #has = new Set<string>();

  constructor(context: AgentContext, recorder: EventRecorder, changed: (podUid: string) => void) {
    this.#context = context;
    this.#recorder = recorder;
    this.#changed = changed;
  }

  /** Starts the probes of new containers, and ends those of containers that have ended. */
  sync(pod: Pod, runtime: RuntimePod, podIP: string): void {
    const wanted = new Set<string>();
    for (const container of probed(pod)) {
      const instance = runtime.containers.find(({ name }) => name === container.name);
      if (instance?.state !== 'RUNNING') continue;
      for (const type of TYPES) {
        const probe = container[`${type}Probe`];
        if (!probe || (pod.metadata?.deletionTimestamp && type !== 'readiness')) continue;
        const key = keyOf(instance.id, type);
        wanted.add(key);
        this.#has.add(key);
        this.#watch(key, { pod, container, instance, podIP, type, probe });
      }
    }
    this.#endOthers(pod.metadata!.uid!, wanted);
  }

  forget(podUid: string): void {
    this.#endOthers(podUid, new Set());
  }

  failed(containerId: string): 'liveness' | 'startup' | undefined {
    for (const type of ['startup', 'liveness'] as const) {
      if (this.#watched.get(keyOf(containerId, type))?.state.result === 'failure') return type;
    }
    return undefined;
  }

  started(containerId: string): boolean {
    return this.#passed(containerId, 'startup');
  }

  ready(containerId: string): boolean {
    return this.#passed(containerId, 'readiness');
  }

  stop(): void {
    for (const { timer } of this.#watched.values()) timer?.cancel();
    this.#watched.clear();
  }

  #passed(containerId: string, type: ProbeType): boolean {
    const key = keyOf(containerId, type);
    return !this.#has.has(key) || this.#watched.get(key)?.state.result === 'success';
  }

  #watch(key: string, target: Omit<Watched, 'state'>): void {
    const known = this.#watched.get(key);
    if (known) {
      Object.assign(known, target);
      return;
    }
    const watched: Watched = { ...target, state: seed(target) };
    this.#watched.set(key, watched);
    this.#schedule(key, watched, this.#firstDelayMs(watched));
  }

  #firstDelayMs({ probe, instance }: Watched): number {
    const dueMs = instance.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    return Math.max(0, dueMs - this.#context.clock.now());
  }

  #schedule(key: string, watched: Watched, delayMs: number): void {
    watched.timer = this.#context.clock.schedule(delayMs, () => void this.#tick(key, watched));
  }

  async #tick(key: string, watched: Watched): Promise<void> {
    if (!watched.state.done && this.#mayRun(watched)) await this.#probe(key, watched);
    if (this.#watched.get(key) !== watched || watched.state.done) return;
    this.#schedule(key, watched, (watched.probe.periodSeconds ?? DEFAULT_PERIOD_SECONDS) * 1000);
  }

  /** The others wait until the startup probe has passed. */
  #mayRun({ type, instance }: Watched): boolean {
    return type === 'startup' || this.started(instance.id);
  }

  async #probe(key: string, watched: Watched): Promise<void> {
    const outcome = await this.#outcome(watched);
    if (!outcome || this.#watched.get(key) !== watched) return;
    const before = watched.state.result;
    watched.state = nextState(watched.state, watched.type, watched.probe, outcome.result);
    if (watched.state.result === before) return;
    if (watched.type === 'startup' && watched.state.result === 'success') this.#wakeOthers(watched.instance.id);
    this.#changed(watched.pod.metadata!.uid!);
  }

  #wakeOthers(containerId: string): void {
    for (const type of ['readiness', 'liveness'] as const) {
      const key = keyOf(containerId, type);
      const other = this.#watched.get(key);
      other?.timer?.cancel();
      if (other) this.#schedule(key, other, 0);
    }
  }

  async #outcome(watched: Watched): Promise<Outcome | undefined> {
    const { pod, container, instance, podIP, type, probe } = watched;
    const events = containerEvents(this.#recorder, pod, container.name);
    const word = `${type[0]!.toUpperCase()}${type.slice(1)}`;
    let last: unknown;
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      try {
        const target = { container, containerId: instance.id, podIP };
        const outcome = await runProbe(this.#context.runtime, probe, target, this.#context.clock.now());
        if (outcome.warning) events.warning('ProbeWarning', `${word} probe warning: ${outcome.output}`);
        if (outcome.result === 'failure') events.warning('Unhealthy', `${word} probe failed: ${outcome.output}`);
        return outcome;
      } catch (error) {
        last = error;
      }
    }
    const message = last instanceof Error ? last.message : String(last);
    events.warning('Unhealthy', `${word} probe errored and resulted in unknown state: ${message}`);
    return undefined;
  }

  #endOthers(podUid: string, wanted: ReadonlySet<string>): void {
    for (const [key, { pod, timer }] of this.#watched) {
      if (pod.metadata?.uid !== podUid || wanted.has(key)) continue;
      timer?.cancel();
      this.#watched.delete(key);
      this.#has.delete(key);
    }
  }
}

const keyOf = (containerId: string, type: ProbeType) => `${containerId}/${type}`;

function probed(pod: Pod): Container[] {
  const { containers = [], initContainers = [] } = pod.spec ?? { containers: [] };
  return [...initContainers, ...containers];
}

/** After a restart of the agent a container stays what the API says it was, until a probe says otherwise. */
function seed({ pod, container, instance, type }: Omit<Watched, 'state'>): ProbeState {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const old = [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container.name);
  if (!old?.containerID?.endsWith(instance.id)) return initialState(type);
  const passed = type === 'readiness' ? old.ready : type === 'startup' ? old.started : false;
  return passed ? { ...SUCCEEDED, done: type === 'startup' } : initialState(type);
}
