import type { Pod } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import { delay } from '../../lib/runtime/clock.ts';
import type { AgentContext } from '../context.ts';
import type { MachineSource } from '../node/node.ts';
import { podReference } from '../pods/container-events.ts';
import { ImageGC, type ImageGCThresholds } from './image-gc.ts';
import { hasStorageLimits, overStorageLimit } from './local-storage.ts';
import { evictionMessage } from './message.ts';
import { rank } from './rank.ts';
import { crossed, PRESSURES, type Pressure, type Readings, type Signal, type Threshold } from './thresholds.ts';
import { readUsage } from './usage.ts';

export interface EvictionOptions {
  context: AgentContext;
  source: MachineSource;
  recorder: EventRecorder;
  thresholds: readonly Threshold[];
  /** evictionPressureTransitionPeriod */
  transitionMs: number;
  imageGC: ImageGCThresholds;
  pods: () => { active(): Pod[]; evict(uid: string, message: string): void };
}

/** kubelet's evictionPressureTransitionPeriod where it is not said. */
export const TRANSITION_MS = 300_000;
/** kubelet's monitoringInterval and imageGCPeriod. */
const LOOK_MS = 10_000;
const IMAGE_GC_MS = 300_000;

/** Keeps the node from running out of what all of its pods share. Source: pkg/kubelet/eviction/eviction_manager.go. */
export class Eviction {
  readonly #options: EvictionOptions;
  readonly #images: ImageGC;
  /** When a signal was last below its threshold: a pressure lasts a while longer, so that nothing swings. */
  readonly #crossedMs = new Map<Signal, number>();
  #collectedMs = 0;

  constructor(options: EvictionOptions) {
    this.#options = options;
    this.#images = new ImageGC(options.context);
  }

  /** What the node's conditions say. */
  async pressures(): Promise<ReadonlySet<Pressure>> {
    this.#note(await this.#options.source.readings());
    return new Set([...this.#crossedMs.keys()].map((signal) => PRESSURES[signal]));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options.context;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        log('cannot see whether the node runs out of something', { error });
      }
      await delay(clock, LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const readings = await this.#options.source.readings();
    await this.#enforceStorageLimits();
    const [threshold] = this.#note(readings);
    if (threshold) await this.#relieve(threshold, readings);
    else await this.#collectImages(readings);
  }

  #note(readings: Readings): Threshold[] {
    const now = this.#options.context.clock.now();
    const below = crossed(this.#options.thresholds, readings);
    for (const { signal } of below) this.#crossedMs.set(signal, now);
    for (const [signal, atMs] of this.#crossedMs)
      if (now - atMs >= this.#options.transitionMs) this.#crossedMs.delete(signal);
    return below;
  }

  /** Images first, where the disk is short; then one pod at a time, and another look. */
  async #relieve(threshold: Threshold, readings: Readings): Promise<void> {
    if (PRESSURES[threshold.signal] === 'DiskPressure' && (await this.#images.free(Number.POSITIVE_INFINITY)) > 0) {
      const left = crossed([threshold], await this.#options.source.readings());
      if (left.length === 0) return;
    }
    const pods = this.#options.pods().active();
    const usage = await readUsage(this.#options.context, pods);
    const [first] = rank(
      threshold.signal,
      usage.map((one) => one.usage),
    );
    if (first) this.#evict(first.pod, evictionMessage(threshold, readings, first));
  }

  async #enforceStorageLimits(): Promise<void> {
    const limited = this.#options.pods().active().filter(hasStorageLimits);
    if (limited.length === 0) return;
    for (const { usage, emptyDirs } of await readUsage(this.#options.context, limited)) {
      const message = overStorageLimit(usage, emptyDirs);
      if (message) this.#evict(usage.pod, message);
    }
  }

  #evict(pod: Pod, message: string): void {
    this.#options.recorder.warning(podReference(pod), 'Evicted', message);
    this.#options.pods().evict(pod.metadata!.uid!, message);
  }

  async #collectImages(readings: Readings): Promise<void> {
    const now = this.#options.context.clock.now();
    if (now - this.#collectedMs < IMAGE_GC_MS) return;
    this.#collectedMs = now;
    await this.#images.collect(this.#options.imageGC, readings['nodefs.available']);
  }
}
