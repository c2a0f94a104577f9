import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../lib/runtime/random.ts';
import type { Change, Store } from '../../../lib/storage/contract.ts';
import { openDynamoStore } from '../../../lib/storage/dynamodb/open.ts';
import { sdkDatabase } from '../../../lib/storage/dynamodb/sdk-database.ts';
import { emulatorClient } from '../../dynamodb/emulator.ts';
import { text } from './writes.ts';

const WRITERS = 3;
/** Acknowledged commits between two blows. */
const COMMITS_BETWEEN = 20;
/** Longer than readers wait for a writer, so that his slots are filled. */
const STOPPED_MS = 1_200;

interface Acknowledged {
  /** Name of a pair → revision. */
  pairs: Map<string, number>;
  /** Value of the counter → revision. */
  counts: Map<number, number>;
}

/**
 * Several processes write to the same tables; one is stopped in the middle of its load and goes on after its slots were filled, one is killed, again and again.
 * Throws on the first broken promise.
 */
export async function dynamoRounds(
  rounds: number,
  { endpoint, prefix, writer, random }: { endpoint: string; prefix: string; writer: string; random: Random },
): Promise<{ pairs: number; counts: number }> {
  const client = emulatorClient(endpoint);
  const open = () => openDynamoStore({ database: sdkDatabase({ client, prefix }), retentionMs: 30 * 60_000 });
  const acknowledged: Acknowledged = { pairs: new Map(), counts: new Map() };
  const watching = open();
  const seen: Change[] = [];
  const abort = new AbortController();
  const watches = [watchAll(watching, 'pods/', seen, abort.signal), watchAll(watching, 'ips/', seen, abort.signal)];
  for (let round = 0; round < rounds; round++) await strike(round, [endpoint, prefix, writer], acknowledged, random);
  const fresh = open();
  await verify(fresh, acknowledged);
  await verifyWatch(fresh, seen);
  abort.abort();
  await Promise.all(watches);
  await Promise.all([watching.close(), fresh.close()]);
  client.destroy();
  return { pairs: acknowledged.pairs.size, counts: acknowledged.counts.size };
}

async function watchAll(store: Store, prefix: string, seen: Change[], signal: AbortSignal): Promise<void> {
  for await (const { changes } of store.watch(prefix, { from: 0, signal })) seen.push(...changes);
}

async function strike(round: number, [endpoint, prefix, writer]: string[], acknowledged: Acknowledged, random: Random) {
  const names = Array.from({ length: WRITERS }, (_, i) => `${round}-${i}`);
  const writers = names.map((name) =>
    spawn(process.execPath, [writer!, endpoint!, prefix!, name], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const closed = writers.map((child) => collect(child, acknowledged));
  const more = () => enough(acknowledged, COMMITS_BETWEEN, writers);
  await more();
  const [stopped, killed] = [...writers].sort(() => random.next() - 0.5);
  stopped!.kill('SIGSTOP');
  killed!.kill('SIGKILL');
  await Promise.all([more(), sleep(STOPPED_MS)]);
  stopped!.kill('SIGCONT');
  await more();
  for (const child of writers) child.kill('SIGKILL');
  await Promise.all(closed);
}

/** Waits until so many more commits are acknowledged. */
async function enough({ pairs, counts }: Acknowledged, more: number, writers: ChildProcess[]): Promise<void> {
  const wanted = pairs.size + counts.size + more;
  while (pairs.size + counts.size < wanted) {
    const died = writers.find(({ exitCode }) => exitCode !== null);
    if (died) throw new Error(`a writer ended by itself with ${died.exitCode}`);
    await sleep(10);
  }
}

async function collect(child: ChildProcess, { pairs, counts }: Acknowledged): Promise<void> {
  let output = '';
  child.stdout!.on('data', (chunk) => {
    const lines = `${output}${chunk}`.split('\n');
    // The last line may be cut off.
    output = lines.pop()!;
    for (const line of lines) {
      const [kind, name, revision] = line.split(' ') as [string, string, string];
      const map: Map<string | number, number> = kind === 'pair' ? pairs : counts;
      const key = kind === 'pair' ? name : Number(name);
      if (map.has(key)) throw new Error(`${line}: acknowledged a second time, at ${map.get(key)} before`);
      map.set(key, Number(revision));
    }
  });
  await once(child, 'close');
}

async function verify(store: Store, { pairs, counts }: Acknowledged): Promise<void> {
  const pods = await store.list('pods/');
  const ips = await store.list('ips/', { revision: pods.revision });
  const halves = new Map(ips.items.map(({ key, revision }) => [key.slice('ips/'.length), revision]));
  const found = new Map(pods.items.map((item) => [item.key.slice('pods/a/'.length), item]));
  for (const [name, revision] of pairs) {
    if (found.get(name)?.revision !== revision) throw new Error(`the acknowledged commit ${name}@${revision} is lost`);
  }
  for (const [name, { revision, value }] of found) {
    if (halves.get(name) !== revision) throw new Error(`only half of the commit ${name}@${revision} is there`);
    if (JSON.parse(text(value)!).revision !== revision) throw new Error(`the bytes of ${name} are of another revision`);
  }
  if (halves.size !== found.size) throw new Error('only half of a commit is there');
  const revisions = [...pairs.values(), ...counts.values()];
  if (new Set(revisions).size !== revisions.length) throw new Error('a revision was acknowledged twice');
  await verifyCounts(store, counts);
}

/** Each value was written once, in the order of revisions: no update was lost. */
async function verifyCounts(store: Store, counts: ReadonlyMap<number, number>): Promise<void> {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const wrong = sorted.find(([, revision], i) => i > 0 && revision <= sorted[i - 1]![1]);
  if (wrong) throw new Error(`the counter had the value ${wrong[0]} out of order`);
  const last = Number(text((await store.get('counts/all'))?.value));
  if (last < (sorted.at(-1)?.[0] ?? 0)) throw new Error('an acknowledged step of the counter is lost');
  for await (const { changes } of store.watch('counts/', { from: 0, signal: AbortSignal.timeout(60_000) })) {
    const steps = changes.map(({ value }) => Number(text(value)));
    if (steps.some((step, i) => step !== i + 1)) throw new Error(`the counter went ${steps.join(' ')}`);
    if (steps.at(-1) === last) return;
    throw new Error(`the log tells of ${steps.at(-1)} steps of ${last}`);
  }
}

/** What the watches told is what is there: each change once, in order. */
async function verifyWatch(store: Store, seen: readonly Change[]): Promise<void> {
  for (const prefix of ['pods/', 'ips/']) {
    const { items } = await store.list(prefix);
    const told = () =>
      seen.filter(({ key }) => key.startsWith(prefix)).map(({ key, revision }) => `${key}@${revision}`);
    for (const until = Date.now() + 30_000; told().length < items.length && Date.now() < until; ) await sleep(20);
    const there = [...items].sort((a, b) => a.revision - b.revision).map(({ key, revision }) => `${key}@${revision}`);
    if (told().join() !== there.join()) throw new Error(`the watch of ${prefix} told of other changes than there were`);
  }
}
