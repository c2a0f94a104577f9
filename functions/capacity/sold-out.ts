import type { Offering } from '../../lib/cloud/instances.ts';
import type { Clock } from '../../lib/runtime/clock.ts';

/** As long as Karpenter leaves an offering alone that the cloud had none of. */
const REMEMBERED_MS = 180_000;

/** Offerings that the cloud had none of a moment ago. Forgotten with the process: then it is asked once more. */
export class SoldOutOfferings {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(type: string, offering: Pick<Offering, 'zone' | 'capacityType'>): void {
    this.#until.set(key(type, offering), this.#clock.now() + REMEMBERED_MS);
  }

  readonly has = (type: string, offering: Pick<Offering, 'zone' | 'capacityType'>): boolean =>
    (this.#until.get(key(type, offering)) ?? 0) > this.#clock.now();
}

function key(type: string, { zone, capacityType }: Pick<Offering, 'zone' | 'capacityType'>): string {
  return `${type} ${zone} ${capacityType}`;
}
