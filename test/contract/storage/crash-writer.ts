import { openEmbeddedStore } from '../../../lib/storage/embedded/open.ts';

/**
 * Writes without pause until it is killed: `node crash-writer.ts DATABASE ROUND`. Prints `ready`, then `KEY REVISION` for each acknowledged commit.
 * Each commit is a pair, so that half a commit would show.
 */
const [path, round] = process.argv.slice(2);
const WRITERS = 8;

const store = await openEmbeddedStore({ path: path! });
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

async function write(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const name = `${round}-${writer}-${count}`;
    const value = (revision: number) => Buffer.from(JSON.stringify({ name, revision, fill: 'x'.repeat(700) }));
    const { revision } = await store.commit([
      { op: 'create', key: `pods/a/${name}`, value },
      { op: 'create', key: `ips/${name}`, value },
    ]);
    process.stdout.write(`${name} ${revision}\n`);
  }
}
