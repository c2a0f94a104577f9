import { StatusError } from '../../../lib/api/status.ts';
import type { Secret } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { secrets } from '../../../lib/client/resource-type.ts';
import { ClusterError } from '../../../lib/cluster/error.ts';
import type { Progress } from '../../../lib/cluster/progress.ts';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import type { IsNeeded, Sealed, Sealing, SealingKey } from './sealing.ts';

const PAGE = 100;
const TELL_EVERY = 1_000;
/** A token of a list that took longer than the log reaches back. */
const MAX_LISTS = 10;

/**
 * A new key writes from now on, every Secret is written again, and keys that sealed nothing that is left are dropped. As Kubernetes tells to do it
 * ("Encrypting Confidential Data at Rest", rotating a decryption key), through the API, with each object's resourceVersion: the apiserver writes
 * what is sealed with an older key although nothing changes. Interrupted, it is taken up where it was when it is run again.
 */
export async function rotate(
  sealing: Sealing,
  { progress, clock }: { progress: Progress; clock: Clock },
): Promise<void> {
  const { name } = await beginRotation(sealing, progress);
  const { settleMs } = sealing;
  if (settleMs > 0) await progress.step(`Every apiserver seals with ${name}`, () => delay(clock, settleMs));
  const count = { done: 0 };
  await progress.step(`Secrets written again with ${name}`, () => rewriteAll(sealing.client, progress, count));
  const left = await sealing.sealed();
  const others = sum(left.objects) - (left.objects.get(name) ?? 0);
  if (others > 0) throw new ClusterError(`${others} Secrets are not sealed with ${name} yet: run it again`);
  await dropKeys(sealing, left, progress);
}

/** A rotation that was interrupted goes on with its key. */
async function beginRotation(sealing: Sealing, progress: Progress): Promise<SealingKey> {
  const [keys, sealed] = [await sealing.keys(), await sealing.sealed()];
  const [writing] = keys;
  if (keys.length > 1 && [...sealed.objects.keys()].some((key) => key !== writing!.name)) {
    progress.say(`A rotation to ${writing!.name} was begun and goes on.`);
    return writing!;
  }
  const [added] = await sealing.addKey(neededBy(sealed));
  progress.say(`New key ${added!.name}: what is written from now on is sealed with it.`);
  return added!;
}

function neededBy({ objects, rows = objects }: Sealed): IsNeeded {
  return (name) => rows.has(name);
}

async function rewriteAll(client: Client, progress: Progress, count: { done: number }): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rewritePages(client, progress, count);
    } catch (error) {
      // What was written again already is not written once more.
      if (!isStatus(error, 'Expired') || attempt === MAX_LISTS) throw error;
    }
  }
}

async function rewritePages(client: Client, progress: Progress, count: { done: number }): Promise<void> {
  let token: string | undefined;
  do {
    const page = await client.list(secrets, { limit: PAGE, ...(token ? { continue: token } : {}) });
    for (const secret of page.items) {
      await rewriteOne(client, secret);
      if (++count.done % TELL_EVERY === 0) progress.say(`   ${count.done} so far`);
    }
    token = page.continue;
  } while (token);
}

/** Somebody who was faster has sealed it with the new key, or has deleted it. */
async function rewriteOne(client: Client, secret: Secret): Promise<void> {
  try {
    await client.update(secrets, secret);
  } catch (error) {
    if (!isStatus(error, 'Conflict') && !isStatus(error, 'NotFound')) throw error;
  }
}

async function dropKeys(sealing: Sealing, left: Sealed, progress: Progress): Promise<void> {
  const [writing, ...others] = (await sealing.dropKeys(neededBy(left))).map(({ name }) => name);
  progress.say(`All ${sum(left.objects)} Secrets are sealed with ${writing}.`);
  if (others.length === 0) return;
  progress.say(`${others.join(', ')} ${others.length > 1 ? 'stay' : 'stays'} ${sealing.staysUntil}.`);
}

export function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function isStatus(error: unknown, reason: string): boolean {
  return error instanceof StatusError && error.reason === reason;
}
