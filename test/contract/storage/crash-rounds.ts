import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openEmbeddedStore } from '../../../lib/storage/embedded/open.ts';
import { text } from './writes.ts';

/** How many acknowledged commits a round waits for before it kills the writer. */
const COMMITS_BEFORE_KILL = 200;

/** Kills a writer with SIGKILL in the middle of its load, again and again on one database; throws on the first broken promise. */
export async function crashRounds(rounds: number, path: string, writer: string): Promise<{ acknowledged: number }> {
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const newest = Math.max(0, ...acknowledged.values());
    for (const [name, revision] of await writeAndKill(path, writer, round)) {
      if (revision <= newest) throw new Error(`revision ${revision} was given out before round ${round}`);
      acknowledged.set(name, revision);
    }
    await verify(path, acknowledged);
  }
  return { acknowledged: acknowledged.size };
}

async function writeAndKill(path: string, writer: string, round: number): Promise<[string, number][]> {
  const child = spawn(process.execPath, [writer, path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (output.split('\n').length > COMMITS_BEFORE_KILL + round) child.kill('SIGKILL');
  });
  await once(child, 'close');
  // The last line may be cut off; the first is `ready`.
  const lines = output.split('\n').slice(1, -1);
  return lines.map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])]);
}

async function verify(path: string, acknowledged: Map<string, number>): Promise<void> {
  const store = await openEmbeddedStore({ path });
  const pods = await store.list('pods/');
  const reservations = new Map((await store.list('ips/')).items.map((item) => [item.key.slice(4), item.revision]));
  const found = new Map(pods.items.map((item) => [item.key.slice('pods/a/'.length), item]));
  for (const [name, revision] of acknowledged) {
    if (found.get(name)?.revision !== revision) throw new Error(`the acknowledged commit ${name}@${revision} is lost`);
  }
  for (const [name, { revision, value }] of found) {
    if (reservations.get(name) !== revision) throw new Error(`only half of the commit ${name}@${revision} is there`);
    if (JSON.parse(text(value)!).revision !== revision) throw new Error(`the bytes of ${name} are of another revision`);
  }
  await store.close();
}
