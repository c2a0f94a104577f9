import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { Database } from './database.ts';
import type { Limits } from './limits.ts';
import type { Unsafe } from './safety.ts';

/** What every step of the protocol is given. */
export interface Context {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  /** Steps that are left out. Empty, but in the simulation. */
  readonly unsafe: Unsafe;
}
