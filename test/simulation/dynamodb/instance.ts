import type { Clock } from '../../../lib/runtime/clock.ts';
import type { World } from './world.ts';

/** A process that runs a store: it can die, stall, or be frozen for hours as a Lambda is between two invocations. */
export class Instance {
  readonly name: string;
  readonly clock: Clock;
  readonly #world: World;
  #alive = true;
  #frozen = 0;
  #held: (() => void)[] = [];

  /** @param skewMs how far its clock is from the world's */
  constructor(name: string, world: World, skewMs: number) {
    this.name = name;
    this.#world = world;
    this.clock = {
      now: () => world.now() + skewMs,
      schedule: (delayMs, run) => {
        const timer = { run: run as (() => void) | undefined };
        world.after(delayMs, () => this.run(() => timer.run?.()));
        return {
          cancel: () => {
            timer.run = undefined;
          },
        };
      },
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get frozen(): boolean {
    return this.#frozen > 0;
  }

  /** Now; at the thaw if it is frozen; never if it is dead. */
  run(work: () => void): void {
    if (!this.#alive) return;
    if (this.frozen) this.#held.push(work);
    else work();
  }

  kill(): void {
    this.#alive = false;
    this.#held = [];
  }

  freeze(forMs: number): void {
    if (!this.#alive) return;
    this.#frozen++;
    this.#world.after(forMs, () => this.#thaw());
  }

  /** What waited happens now, in any order. */
  #thaw(): void {
    this.#frozen--;
    if (this.frozen) return;
    const held = this.#held;
    this.#held = [];
    for (const work of held) this.#world.after(0, () => this.run(work));
  }
}
