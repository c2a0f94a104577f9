import type { Timer } from '../../runtime/clock.ts';
import { StoreError } from '../contract.ts';
import type { Context } from './context.ts';
import type { Freshen } from './reads.ts';
import type { Replica } from './replica.ts';

/** A pause grows by this factor each time that nothing was new. */
const SLOWER = 1.5;

/** While somebody watches, looks whether the log went on: often while it does, seldom when it does not. Without watchers it asks nothing. */
export class Poll {
  readonly #context: Context;
  readonly #replica: Replica;
  readonly #catchUp: Freshen;
  #watchers = 0;
  #pauseMs: number;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #stopped = false;
  /** Why nothing more can be seen: a bug, or a right that was taken away. */
  failure: unknown;

  constructor(context: Context, replica: Replica, catchUp: Freshen) {
    this.#context = context;
    this.#replica = replica;
    this.#catchUp = catchUp;
    this.#pauseMs = context.limits.pollMinMs;
  }

  get isOn(): boolean {
    return this.#watchers > 0;
  }

  /** The function it returns ends it; once. */
  begin(): () => void {
    this.#watchers++;
    this.#pauseMs = this.#context.limits.pollMinMs;
    this.#schedule();
    let isOn = true;
    return () => {
      if (isOn) this.#end();
      isOn = false;
    };
  }

  #end(): void {
    this.#watchers--;
    if (this.#watchers > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** For good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  /** Now, instead of at the next time. */
  look(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#looking = this.#look().finally(() => this.#schedule());
    return this.#looking;
  }

  #schedule(): void {
    if (this.#stopped || this.#watchers === 0) return;
    this.#timer ??= this.#context.clock.schedule(this.#pauseMs, () => void this.look());
  }

  async #look(): Promise<void> {
    const { pollMinMs, pollMaxMs } = this.#context.limits;
    const before = this.#replica.revision;
    try {
      await this.#catchUp();
      this.failure = undefined;
    } catch (error) {
      // Asked too often or out of reach: more slowly then. Anything else the watchers must hear of.
      if (!(error instanceof StoreError)) this.failure = error;
    }
    if (this.failure) for (const type of this.#replica.types.values()) type.wake();
    const isBusy = this.#replica.revision !== before;
    this.#pauseMs = isBusy ? pollMinMs : Math.min(pollMaxMs, this.#pauseMs * SLOWER);
  }
}
