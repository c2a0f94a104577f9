import type { Clock, Timer } from '../../../lib/runtime/clock.ts';

/** Total processor time of something, as it was at a moment. */
export interface CpuSample {
  atMs: number;
  coreNanoSeconds: number;
}

/** kubelet's housekeeping measures every 10 s, metrics-server every 15 s. */
const EVERY_MS = 15_000;
/** Over less than this a rate is noise. */
const MIN_WINDOW_MS = 5_000;
/** A core gives a billion nanoseconds a second. */
const MS_PER_SECOND = 1_000;

/** How much of a core each container and the node use: the difference of two samples. Totals alone say nothing of the present. */
export class CpuRates {
  readonly #read: () => Promise<ReadonlyMap<string, CpuSample>>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #newest: ReadonlyMap<string, CpuSample> = new Map();
  #before: ReadonlyMap<string, CpuSample> = new Map();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(read: () => Promise<ReadonlyMap<string, CpuSample>>, clock: Clock, onError: (error: unknown) => void) {
    this.#read = read;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Samples from now on, until `stop`. */
  start(): void {
    void this.#sample();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Billionths of a core, up to now; undefined while there is too little to tell from. */
  nanoCores(id: string, now: CpuSample): number | undefined {
    const since = [this.#newest.get(id), this.#before.get(id)].find(
      (sample) => sample && now.atMs - sample.atMs >= MIN_WINDOW_MS,
    );
    if (!since || now.coreNanoSeconds < since.coreNanoSeconds) return undefined;
    return ((now.coreNanoSeconds - since.coreNanoSeconds) / (now.atMs - since.atMs)) * MS_PER_SECOND;
  }

  async #sample(): Promise<void> {
    try {
      const samples = await this.#read();
      this.#before = this.#newest;
      this.#newest = samples;
    } catch (error) {
      // The runtime is away: rates come back when it does.
      this.#onError(error);
    }
    if (!this.#stopped) this.#timer = this.#clock.schedule(EVERY_MS, () => void this.#sample());
  }
}
