import { composeFunction, type FunctionOptions } from '../../../bin/compose/invocations.ts';
import { serviceUnavailable } from '../../../lib/api/status.ts';
import type { InvocationDriver } from '../../../lib/client/invocation/driver.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';

/** How often things go wrong, 0 … 1; may be changed while it runs. */
export interface InstanceFaults {
  /** Of requests that write: nothing happened. */
  lostRequest: number;
  /** It happened, and who asked cannot know. */
  lostReply: number;
  /** Of all a process does: it stands still from here on, for up to two minutes. */
  freeze: number;
  /** It is gone. */
  kill: number;
}

export const SOUND: InstanceFaults = { lostRequest: 0, lostReply: 0, freeze: 0, kill: 0 };

const LONGEST_FREEZE_MS = 120_000;

/** One process of a function. What it does passes a gate, where it may freeze or die, as a machine may between any two steps. */
export class Instance {
  readonly driver: InvocationDriver;
  busy = false;
  dead = false;
  #frozen: Promise<void> | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #faults: InstanceFaults;

  constructor(
    options: FunctionOptions,
    controllersOf: Parameters<typeof composeFunction>[1],
    random: Random,
    faults: InstanceFaults,
  ) {
    this.#clock = options.clock;
    this.#random = random;
    this.#faults = faults;
    const { apiserver, state, wakes } = options;
    this.driver = composeFunction(
      {
        ...options,
        clock: this.#ownClock(),
        apiserver: {
          fetch: (request, connection) => this.#request(request, () => apiserver.fetch(request, connection)),
        },
        state: this.#gated(state),
        wakes: this.#gated(wakes),
      },
      controllersOf,
    );
  }

  /** Its timers fire late when it was frozen meanwhile, and never again when it is dead. */
  #ownClock(): Clock {
    return {
      now: () => this.#clock.now(),
      schedule: (delayMs, run) => {
        let cancelled = false;
        const timer = this.#clock.schedule(delayMs, () => {
          void (this.#frozen ?? Promise.resolve()).then(() => !cancelled && !this.dead && run());
        });
        return {
          cancel: () => {
            cancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  async #request(request: Request, send: () => Promise<Response>): Promise<Response> {
    const writes = request.method !== 'GET';
    await this.#pass();
    if (writes && this.#random.next() < this.#faults.lostRequest) throw serviceUnavailable('request lost');
    const response = await send();
    await this.#pass();
    if (writes && this.#random.next() < this.#faults.lostReply) throw serviceUnavailable('reply lost');
    return response;
  }

  /** Every method passes the gate before and after, and may lose its reply. */
  #gated<T extends object>(target: T): T {
    return new Proxy(target, {
      get:
        (object: any, name) =>
        async (...given: unknown[]) => {
          await this.#pass();
          const result = await object[name](...given);
          await this.#pass();
          if (this.#random.next() < this.#faults.lostReply) throw serviceUnavailable(`reply of ${String(name)} lost`);
          return result;
        },
    });
  }

  async #pass(): Promise<void> {
    const dice = this.#random.next();
    if (dice < this.#faults.kill) this.dead = true;
    else if (dice < this.#faults.kill + this.#faults.freeze) this.#freeze();
    await this.#frozen;
    if (this.dead) await new Promise(() => undefined);
  }

  #freeze(): void {
    this.#frozen ??= new Promise((thaw) => {
      this.#clock.schedule(this.#random.next() * LONGEST_FREEZE_MS, () => {
        this.#frozen = undefined;
        thaw();
      });
    });
  }
}
