import { openDynamoStore } from '../../../lib/storage/dynamodb/open.ts';
import type { SafetyStep } from '../../../lib/storage/dynamodb/safety.ts';
import { RULES, type Rules } from './rules.ts';
import { type OpenStore, Simulation } from './simulation.ts';

/** One step of the protocol that is left out: a condition or promise of the database, or something that the store does. */
export interface Broken {
  rule?: keyof Rules;
  step?: SafetyStep;
}

/** Watches resume after what was frozen or late has ended. */
const RETENTION_MS = 20 * 60_000;

/** The real store, over the model of DynamoDB. */
export function simulationOf(seed: number, { rule, step }: Broken = {}): Simulation {
  const unsafe = new Set(step ? [step] : []);
  const open: OpenStore = (database, { clock }, random, limits) =>
    openDynamoStore({ database, clock, random, unsafe, retentionMs: RETENTION_MS, ...limits });
  return new Simulation(seed, open, rule ? { ...RULES, [rule]: false } : RULES);
}

export async function violationsOf(seed: number, broken: Broken = {}): Promise<string[]> {
  try {
    return await simulationOf(seed, broken).run();
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

export function brokenBy(name: string | undefined): Broken {
  if (name === undefined) return {};
  return name in RULES ? { rule: name as keyof Rules } : { step: name as SafetyStep };
}
