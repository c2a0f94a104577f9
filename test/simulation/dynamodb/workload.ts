import { delay } from '../../../lib/runtime/clock.ts';
import { typeOf } from '../../../lib/storage/memory/storage-type.ts';
import type { RecordingClient } from './client.ts';
import type { Intent, WriteRecord } from './history.ts';
import type { Simulation } from './simulation.ts';

/** Few keys, so that everybody is at the same ones. Three storage types, one of them with namespaces. */
export const KEYS = [
  'pods/a/1',
  'services/a/web',
  'ipaddresses/10.0.0.1',
  'pods/b/1',
  'pods/a/2',
  'services/b/web',
  'ipaddresses/10.0.0.2',
];
export const PREFIXES = ['pods/', 'pods/a/', 'services/', 'ipaddresses/'];

const WATCH_MS = 2_500;
/** A text of more than this cannot stand in one item. */
const LARGE = 450_000;

/** What a client does again and again until it is told to stop. */
type Turn = (client: RecordingClient, simulation: Simulation) => Promise<void>;

export async function repeat(turn: Turn, client: RecordingClient, simulation: Simulation): Promise<void> {
  const { world } = simulation;
  while (!simulation.stopping) {
    await delay(client.instance.clock, world.below(simulation.thinkMs));
    await turn(client, simulation);
  }
}

export async function writeTurn(client: RecordingClient, simulation: Simulation): Promise<void> {
  const { world, known } = simulation;
  const keys = keysOfOneWrite(simulation);
  if (world.chance(0.6)) for (const key of keys) await learn(client, key, simulation);
  const intents = keys.map((key, i) => intentOf(key, i, simulation));
  const size = simulation.large && world.chance(0.1) ? LARGE : world.below(60);
  const id = simulation.newId(size);
  const record = await client.write(id, intents, size);
  for (const { key, revision } of record.result?.items ?? []) {
    const isGone = intents.some((intent) => intent.key === key && intent.op === 'delete');
    known.set(key, isGone ? 0 : revision);
  }
  learnFromRefusal(record, known);
}

/** One key, or several of different types. */
function keysOfOneWrite({ world, keys }: Simulation): string[] {
  if (world.chance(0.65)) return [world.pick(keys)];
  const several = new Map([0, 1, 2].map(() => world.pick(keys)).map((key) => [typeOf(key), key]));
  return [...several.values()];
}

async function learn(client: RecordingClient, key: string, { known }: Simulation): Promise<void> {
  const { item, refusal } = await client.get(key);
  if (!refusal) known.set(key, item?.revision ?? 0);
}

function learnFromRefusal({ refusal }: WriteRecord, known: Map<string, number>): void {
  if (refusal?.key === undefined) return;
  known.set(refusal.key, refusal.current?.revision ?? 0);
}

/** What fits what is known of the key; now and then what does not. */
function intentOf(key: string, i: number, { world, known }: Simulation): Intent {
  const expected = known.get(key) ?? 0;
  if (i > 0 && world.chance(0.3)) return { op: 'check', key, expected };
  if (expected === 0 || world.chance(0.05)) return { op: 'create', key, expected: 0 };
  return { op: world.chance(0.35) ? 'delete' : 'update', key, expected };
}

export async function readTurn(client: RecordingClient, simulation: Simulation): Promise<void> {
  const { world, keys, tokens, revisions } = simulation;
  const dice = world.random.next();
  if (dice < 0.02) return client.compact(world.pick(revisions) ?? 0);
  if (dice < 0.15) return void (await client.get(world.pick(keys)));
  if (dice < 0.2) return client.changes(world.pick(revisions) ?? 0);
  if (dice < 0.28) return oneRequest(client, simulation);
  const token = dice < 0.55 && tokens.length > 0 ? world.pick(tokens) : undefined;
  if (token) {
    const { record, token: next } = await client.list(token.prefix, { continue: token.text, limit: 1 }, token);
    return keepToken(simulation, token.prefix, record, next);
  }
  const prefix = world.pick(PREFIXES);
  const limit = world.below(3);
  const at = dice < 0.7 && revisions.length > 0 ? world.pick(revisions) : undefined;
  const options = { ...(limit ? { limit } : {}), ...(at ? { revision: at } : {}) };
  const { record, token: next } = await client.list(prefix, options, at ? { at } : {});
  if (record.result) revisions.push(record.result.revision);
  keepToken(simulation, prefix, record, next);
}

function oneRequest(client: RecordingClient, { world, keys }: Simulation): Promise<void> {
  return client.request(async (within) => {
    await client.get(world.pick(keys), within);
    await client.list(world.pick(PREFIXES), {}, {}, within);
    await client.get(world.pick(keys), within);
  });
}

/** Anybody may go on with it, on any instance. */
function keepToken(
  { tokens }: Simulation,
  prefix: string,
  { result, after, at }: Awaited<ReturnType<RecordingClient['list']>>['record'],
  text: string | undefined,
): void {
  const last = result?.items.at(-1)?.key ?? after;
  if (text === undefined || last === undefined) return;
  // The token of an answer goes on at its revision, that of a refusal at the newest, which is all that `at` of 0 says.
  const from = result ? { at: result.revision } : at === undefined ? {} : { at: 0 };
  tokens.push({ prefix, text, after: last, ...from });
}

/** Lists and watches from there, or goes on where a watch ended. */
export async function watchFor(
  client: RecordingClient,
  simulation: Simulation,
  prefix: string,
  from?: number,
): Promise<void> {
  const { world } = simulation;
  const start = from ?? (await client.list(prefix, {})).record.result?.revision;
  if (start === undefined || simulation.stopping) return;
  const abort = new AbortController();
  simulation.watching.add(abort);
  world.after(world.below(WATCH_MS), () => client.instance.run(() => abort.abort()));
  const record = await client.watch(prefix, start, abort.signal);
  simulation.watching.delete(abort);
  if (simulation.stopping || record.refusal?.reason === 'Expired') return;
  const next = world.pick(simulation.clients.filter(({ instance }) => instance.alive));
  const revision = record.batches.at(-1)?.revision ?? start;
  if (next) next.instance.run(() => simulation.start(watchFor(next, simulation, prefix, revision)));
}
