import { delay } from '../../runtime/clock.ts';
import { backoffMs } from '../../runtime/queue.ts';
import { StoreError } from '../contract.ts';
import type { Context } from './context.ts';
import { DatabaseError, type DatabaseFailure } from './database.ts';

/** The first wait is about the time that a transaction takes. */
const BACKOFF = { baseMs: 10, maxMs: 1_000, jitter: 1 };

/** What a repetition can mend. */
const PASSING: ReadonlySet<DatabaseFailure> = new Set(['Throttled', 'Conflict', 'LostReply', 'DeadlinePassed']);

export function isPassing(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && PASSING.has(error.failure);
}

export function pause(context: Context, failures: number): Promise<void> {
  return delay(context.clock, backoffMs(failures, context.random, BACKOFF));
}

/** Repeats what may be repeated (a read, an idempotent write) until it succeeds or `readTimeoutMs` is over: then `Throttled`. */
export async function repeated<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const deadline = context.clock.now() + context.limits.readTimeoutMs;
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (context.clock.now() >= deadline) throw throttled(error);
    }
    await pause(context, failures);
  }
}

export function throttled(cause: unknown): StoreError {
  return new StoreError('Throttled', 'the storage takes no more requests right now', { cause });
}
