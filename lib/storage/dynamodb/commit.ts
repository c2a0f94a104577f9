import { type CommitResult, StoreError, type Write } from '../contract.ts';
import { typeOf } from '../memory/storage-type.ts';
import { expected } from '../memory/write.ts';
import { attempt } from './attempt.ts';
import type { Context } from './context.ts';
import type { Refusal } from './database.ts';
import { readObject } from './load.ts';
import { plan } from './plan.ts';
import { type Freshen, present, type Reads } from './reads.ts';
import type { Replica } from './replica.ts';
import { pause, throttled } from './retry.ts';

/** What a commit works with. */
export interface Committing {
  readonly context: Context;
  readonly replica: Replica;
  readonly reads: Reads;
  readonly catchUp: Freshen;
}

/** All writes at one revision, or none. Tries again, each time with a new revision, until the deadline. */
export async function commit(store: Committing, writes: readonly Write[]): Promise<CommitResult> {
  if (writes.every(({ op }) => op === 'check')) return check(store, writes);
  const { clock, limits } = store.context;
  const deadline = clock.now() + limits.commitTimeoutMs;
  for (let failures = 0; ; failures++) {
    const planned = await plan(writes, store.reads, store.catchUp);
    const outcome = await attempt(store.context, store.replica, planned, deadline, store.catchUp);
    if (outcome.kind === 'committed') return outcome.result;
    if (outcome.kind === 'unknown') {
      throw new StoreError('Unknown', 'the storage did not say whether the write happened', { cause: outcome.cause });
    }
    if (outcome.kind === 'refused') await explain(store.context, writes, outcome.refused);
    if (clock.now() >= deadline) throw throttled(outcome.cause);
    await pause(store.context, failures);
  }
}

/** Nothing is written: the checks hold, or not, in the state at one revision. */
async function check({ replica, reads, catchUp }: Committing, writes: readonly Write[]): Promise<CommitResult> {
  for (const { key } of writes) await reads.type(typeOf(key), async () => {});
  await catchUp();
  for (const write of writes) {
    const type = replica.types.get(typeOf(write.key));
    if (!type) throw throttled(new Error(`${write.key} could not be read`));
    expected(write, type.index.get(write.key));
  }
  return { revision: replica.revision, items: [] };
}

/** Throws what the first refused write met. Returns where it met only a later revision of an equal state: then a newer revision will do. */
async function explain(context: Context, writes: readonly Write[], refused: readonly Refusal[]): Promise<void> {
  for (const write of writes) {
    const refusal = refused.find(({ key }) => key === write.key);
    if (!refusal) continue;
    const object = refusal.present && (await readObject(context, refusal.present));
    expected(write, present(object).item);
  }
}
