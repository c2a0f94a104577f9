import type { World } from './world.ts';

/** How often, 0 … 1, and how much. Each seed leaves some kinds out, so that the others are met alone too. */
export interface Faults {
  /** Nothing happened, and the caller is told. */
  throttle: number;
  /** Nothing happened, and the caller hears nothing. */
  lostRequest: number;
  /** It happened, and the caller hears nothing. */
  lostReply: number;
  /** It happens within the signature's life, long after the caller gave up. */
  late: number;
  /** Another transaction seems to be at the items. */
  conflict: number;
  /** An instance stops for seconds: before it signs, after it signed, or before it hears the answer. */
  stall: number;
  /** The same, until others have gone on for long. */
  freeze: number;
  kill: number;
  /** How much later than the transaction a Query sees one of its items, at most. */
  showLagMs: number;
  /** A request or its answer takes this long, at most. */
  networkMs: number;
  /** A transaction takes this long, at most. */
  transactionMs: number;
  /** How far clocks are apart, at most. */
  skewMs: number;
  /** An hour passes between two bursts of work. */
  gap: boolean;
}

export const NO_FAULTS: Faults = {
  throttle: 0,
  lostRequest: 0,
  lostReply: 0,
  late: 0,
  conflict: 0,
  stall: 0,
  freeze: 0,
  kill: 0,
  showLagMs: 0,
  networkMs: 4,
  transactionMs: 4,
  skewMs: 0,
  gap: false,
};

export function drawFaults(world: World): Faults {
  const measure = world.pick([0.1, 0.4, 1]);
  const often = (most: number) => (world.chance(0.4) ? 0 : world.random.next() * most * measure);
  return {
    throttle: often(0.1),
    lostRequest: often(0.08),
    lostReply: often(0.12),
    late: often(0.08),
    conflict: often(0.1),
    stall: often(0.06),
    freeze: often(0.03),
    kill: often(0.01),
    showLagMs: world.pick([0, 50, 500, 3_000]),
    networkMs: world.pick([4, 20, 150]),
    transactionMs: world.pick([4, 20, 300]),
    skewMs: world.pick([0, 100, 2_000]),
    gap: world.chance(0.3),
  };
}
