import { awake } from '../../../lib/runtime/awake.ts';
import { StoreError } from '../../../lib/storage/contract.ts';
import { openDynamoStore } from '../../../lib/storage/dynamodb/open.ts';
import { sdkDatabase } from '../../../lib/storage/dynamodb/sdk-database.ts';
import { emulatorClient } from '../../dynamodb/emulator.ts';

/**
 * Writes without pause until it is killed: `node dynamodb-writer.ts ENDPOINT PREFIX NAME`. Prints `pair NAME REVISION` for each acknowledged commit of two types,
 * and `count VALUE REVISION` for each acknowledged step of a counter that all writers share.
 */
const [endpoint, prefix, me] = process.argv.slice(2) as [string, string, string];
const PAIR_WRITERS = 3;

const store = openDynamoStore({ database: sdkDatabase({ client: emulatorClient(endpoint), prefix }) });
await awake(() => Promise.all([...Array.from({ length: PAIR_WRITERS }, (_, i) => writePairs(i)), count()]));

async function writePairs(writer: number): Promise<never> {
  for (let i = 0; ; i++) {
    const name = `${me}-${writer}-${i}`;
    const value = (revision: number) => Buffer.from(JSON.stringify({ name, revision, fill: 'x'.repeat(300) }));
    await unlessUncertain(async () => {
      const { revision } = await store.commit([
        { op: 'create', key: `pods/a/${name}`, value },
        { op: 'create', key: `ips/${name}`, value },
      ]);
      process.stdout.write(`pair ${name} ${revision}\n`);
    });
  }
}

/** Read, add one, write if nobody was quicker. */
async function count(): Promise<never> {
  for (;;) {
    await unlessUncertain(async () => {
      const key = 'counts/all';
      const item = await store.get(key);
      const next = item ? Number(Buffer.from(item.value).toString()) + 1 : 1;
      const value = () => Buffer.from(String(next));
      const write = item
        ? ({ op: 'update', key, revision: item.revision, value } as const)
        : ({ op: 'create', key, value } as const);
      const { revision } = await store.commit([write]);
      process.stdout.write(`count ${next} ${revision}\n`);
    });
  }
}

/** What was not acknowledged may be there or not; others are quicker now and then. */
async function unlessUncertain(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}
