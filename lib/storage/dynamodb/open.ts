import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type Random, systemRandom } from '../../runtime/random.ts';
import type { Store } from '../contract.ts';
import type { Database } from './database.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { SAFE, type Unsafe } from './safety.ts';
import { DynamoStore } from './store.ts';

export interface DynamoStoreOptions extends Partial<Limits> {
  database: Database;
  clock?: Clock;
  random?: Random;
  /** Safety steps that are left out: for the simulation. */
  unsafe?: Unsafe;
}

/** Any number of them, in any number of processes, may be open over the same tables. */
export function openDynamoStore(options: DynamoStoreOptions): Store {
  const { database, clock = systemClock, random = systemRandom, unsafe = SAFE, ...limits } = options;
  return new DynamoStore({ database, clock, random, unsafe, limits: { ...DEFAULT_LIMITS, ...limits } });
}
