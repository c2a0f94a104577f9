import type { Pod } from '../../lib/api/types.ts';
import { VolumeError } from '../volumes/payload.ts';
import type { VolumePaths } from '../volumes/volumes.ts';
import { podReference } from './container-events.ts';
import type { PodEquipment } from './equipment.ts';
import { RETRY_MS } from './restarts.ts';
import { type RuntimePod, readySandboxes } from './runtime-pod.ts';
import { podIPsOf } from './start-pod.ts';

/** kubelet's initialDurationBeforeRetry. */
const FIRST_RETRY_MS = 500;

/** A claim is larger than its volume's file system: no watch tells the node, so it looks, as kubelet does at each sync of a pod. */
const GROWTH_MS = 60_000;

/** Keeps the volumes of one running pod up to date. */
export class PodVolumes {
  readonly #uid: string;
  readonly #equipment: PodEquipment;
  #paths: VolumePaths | undefined;
  /** 0: nothing of the pod's can grow. */
  #growthAtMs = 0;
  #stale = false;
  #retryAtMs = 0;
  #failures = 0;

  constructor(uid: string, equipment: PodEquipment) {
    this.#uid = uid;
    this.#equipment = equipment;
  }

  /** When a token or certificate must be renewed, what failed is tried again, or what may have grown is looked at. */
  get dueTimes(): number[] {
    return [this.#retryAtMs, this.#growthAtMs, this.#equipment.renewAt(this.#uid) ?? 0];
  }

  /** What they are made of has changed. */
  changed(): void {
    this.#stale = true;
    this.#retryAtMs = 0;
  }

  /** What others still have to do for a volume is often done soon. */
  retryDelayMs(error: unknown): number {
    if (!(error instanceof VolumeError)) return RETRY_MS;
    return Math.min(RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
  }

  ready(paths: VolumePaths): void {
    this.#failures = 0;
    this.#keep(paths);
  }

  /** Also after a restart of the agent, which then learns again what the running pod refers to. */
  async refresh(pod: Pod, runtime: RuntimePod): Promise<void> {
    const { context, references, recorder } = this.#equipment;
    if (readySandboxes(runtime).length === 0 || !this.#due(context.clock.now())) return;
    this.#stale = false;
    try {
      references.follow(pod);
      this.#keep(await this.#equipment.setUpVolumes(pod, podIPsOf(pod, runtime, context.config)));
    } catch (error) {
      this.#stale = true;
      this.#retryAtMs = context.clock.now() + RETRY_MS;
      recorder.warning(podReference(pod), 'FailedMount', error instanceof Error ? error.message : String(error));
    }
  }

  async tearDown(): Promise<void> {
    this.#equipment.references.forget(this.#uid);
    await this.#equipment.volumes.tearDownVolumes(this.#uid);
    this.#paths = undefined;
    this.#growthAtMs = 0;
  }

  #keep(paths: VolumePaths): void {
    this.#paths = paths;
    const canGrow = [...paths.values()].some(({ growable }) => growable);
    this.#growthAtMs = canGrow ? this.#equipment.context.clock.now() + GROWTH_MS : 0;
  }

  #due(nowMs: number): boolean {
    if (nowMs < this.#retryAtMs) return false;
    const renewal = (this.#equipment.renewAt(this.#uid) ?? Number.POSITIVE_INFINITY) <= nowMs;
    const growth = this.#growthAtMs > 0 && this.#growthAtMs <= nowMs;
    return !this.#paths || this.#stale || renewal || growth;
  }
}
