import type { SafetyStep } from '../../../lib/storage/dynamodb/safety.ts';
import { type Broken, violationsOf } from './open.ts';
import type { Rules } from './rules.ts';

/** Each was noticed within a hundred; a change of the workload moves that about. */
const MAX_SEEDS = 500;

jest.setTimeout(120_000);

async function isNoticed(broken: Broken, seeds = MAX_SEEDS): Promise<boolean> {
  for (let seed = 1; seed <= seeds; seed++) if ((await violationsOf(seed, broken)).length > 0) return true;
  return false;
}

const rules: [keyof Rules, string][] = [
  ['writeOnceSlots', 'a slot is written though it is not empty'],
  ['olderOnly', 'an older commit is written over a newer tombstone'],
  ['expectedRevision', 'an object is written whatever its revision is'],
  ['checksMark', 'a check leaves no mark'],
  ['tombstones', 'a delete leaves no tombstone'],
  ['deadline', 'a commit is signed after its deadline'],
  ['signatureLife', 'a signature is good for ever'],
  ['strongCounter', 'the counter is read eventually consistent'],
  ['strongObjects', 'objects are read eventually consistent'],
  ['atomic', 'a transaction happens in part'],
  ['uniqueRevisions', 'a revision is given twice'],
  ['longLife', 'slots and tombstones are collected while writers still live'],
];

const steps: [SafetyStep, string][] = [
  ['fill-holes', 'a reader passes over an empty slot'],
  ['redo', 'the log is not redone over what a Query read'],
  ['redo-window', 'what was decided lately counts as visible'],
  ['catch-up-after-query', 'a loaded type is not brought to one revision'],
  ['catch-up-before-read', 'a warm cache counts as the present'],
  ['ask-slot', 'a lost reply counts as nothing happened'],
  ['fill-slot', 'an empty slot after a lost reply counts as nothing happened'],
  ['unknown', 'an outcome that nobody could tell counts as nothing happened'],
  ['attempt-deadline', 'a commit is signed when its revision is old'],
  ['cache-age', 'a cache older than the log goes on'],
];

describe('a protocol without one of its steps is noticed', () => {
  test.each(rules)('%s: %s', async (rule) => {
    expect(await isNoticed({ rule })).toBe(true);
  });

  test.each(steps)('%s: %s', async (step) => {
    expect(await isNoticed({ step })).toBe(true);
  });
});

test('a writer that does not fill what it took and did not use breaks no promise', async () => {
  expect(await isNoticed({ rule: 'fillsOwn' }, 100)).toBe(false);
});
