import { type CommitResult, StoreError } from '../contract.ts';
import type { Context } from './context.ts';
import { type CommitOutcome, DatabaseError, KEPT_MS, type Refusal } from './database.ts';
import { type EncodedCommit, encodeCommit } from './encode.ts';
import { fill } from './holes.ts';
import { TooLate } from './logged-change.ts';
import { outcome } from './outcome.ts';
import { expireParts } from './parts.ts';
import type { Planned } from './plan.ts';
import type { Replica } from './replica.ts';
import { isPassing } from './retry.ts';

export type Attempt =
  | { kind: 'committed'; result: CommitResult }
  /** A condition on an object did not hold; nothing happened. */
  | { kind: 'refused'; refused: readonly Refusal[]; cause?: unknown }
  /** Nothing happened. */
  | { kind: 'again'; cause?: unknown }
  | { kind: 'unknown'; cause: unknown };

/** A revision that this process has taken. */
interface Taken {
  readonly revision: number;
  readonly commitId: string;
  /** Before it was asked for. */
  readonly takenAtMs: number;
  readonly decided: number;
}

/** Takes a revision and tries to commit there, once. A revision that was taken and not used is filled at once, so that no reader waits for it. */
export async function attempt(
  context: Context,
  replica: Replica,
  planned: readonly Planned[],
  deadline: number,
  catchUp: () => Promise<void>,
): Promise<Attempt> {
  // The stamp tells readers where to begin: after what may have been collected.
  if (!replica.isFresh) await catchUp();
  const taken = await take(context, replica, deadline);
  if (!('revision' in taken)) return taken;
  let done: Attempt | undefined;
  try {
    done = await write(context, replica, planned, taken, deadline);
    return done;
  } finally {
    const isOpen = done === undefined || done.kind === 'refused' || done.kind === 'again';
    if (isOpen) await fill(context, replica, taken.revision, taken.takenAtMs + KEPT_MS / 2);
  }
}

async function take(context: Context, replica: Replica, deadline: number): Promise<Taken | Attempt> {
  const takenAtMs = context.clock.now();
  const decided = replica.revision;
  const stamp = replica.begun ? { atMs: takenAtMs, decided } : { atMs: takenAtMs };
  try {
    const revision = await context.database.nextRevision(stamp, deadline);
    return { revision, commitId: context.random.uuid(), takenAtMs, decided };
  } catch (error) {
    // Of a lost reply a hole may remain: readers fill it.
    if (isPassing(error)) return { kind: 'again', cause: error };
    throw error;
  }
}

async function write(
  context: Context,
  replica: Replica,
  planned: readonly Planned[],
  taken: Taken,
  deadline: number,
): Promise<Attempt> {
  const encoded = await encodeCommit(context, planned, taken.revision, taken.commitId);
  const done = await send(context, replica, encoded, taken, deadline);
  if (done.kind === 'committed') await committed(context, replica, encoded, taken);
  else if (done.kind !== 'unknown') await expireParts(context, encoded.written);
  return done;
}

async function send(
  context: Context,
  replica: Replica,
  encoded: EncodedCommit,
  taken: Taken,
  deadline: number,
): Promise<Attempt> {
  const success: Attempt = { kind: 'committed', result: { revision: taken.revision, items: encoded.items } };
  /** By a reader who gave us up, most likely; but should the network have sent the transaction twice, by ourselves. */
  const ask = async (cause: unknown): Promise<Attempt> => {
    const happened = await outcome(context, replica, taken);
    if (happened === undefined) return { kind: 'unknown', cause };
    return happened ? success : { kind: 'again', cause };
  };
  try {
    const reply = await transact(context, encoded, taken, deadline);
    if (reply.committed) return success;
    if (reply.slotTaken) return await ask(new Error('the revision is used'));
    if (reply.refused.length > 0) return { kind: 'refused', refused: reply.refused };
    return { kind: 'again', cause: new Error('transaction conflict') };
  } catch (error) {
    if (error instanceof DatabaseError && error.failure === 'TooLarge') throw tooLarge(error);
    if (!isPassing(error)) throw error;
    return error.failure === 'LostReply' ? await ask(error) : { kind: 'again', cause: error };
  }
}

function transact(context: Context, encoded: EncodedCommit, taken: Taken, deadline: number): Promise<CommitOutcome> {
  const { revision, commitId, takenAtMs, decided } = taken;
  const slot = { revision, commitId, atMs: takenAtMs, decided, body: encoded.body };
  const until = context.unsafe.has('attempt-deadline') ? Number.MAX_SAFE_INTEGER : deadline;
  return context.database.commit({ slot, writes: encoded.writes, checks: encoded.checks }, until);
}

/** What was just written need not be read again. */
async function committed(context: Context, replica: Replica, encoded: EncodedCommit, taken: Taken): Promise<void> {
  const { revision, takenAtMs, decided } = taken;
  if (replica.begun) replica.offer({ revision, atMs: takenAtMs, decided, changes: encoded.changes });
  try {
    await replica.applyOffered();
    await expireParts(context, encoded.replaced);
  } catch (error) {
    // The commit has happened: what the replica could not take now, the next reader reads.
    if (!(error instanceof TooLate) && !(error instanceof StoreError)) throw error;
  }
}

function tooLarge(cause: unknown): StoreError {
  return new StoreError('TooLarge', 'the commit is larger than a transaction may be', { cause });
}
