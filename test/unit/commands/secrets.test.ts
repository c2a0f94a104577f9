import { rotate } from '../../../bin/commands/secrets/rotate.ts';
import { type Sealing, sealingKeys } from '../../../bin/commands/secrets/sealing.ts';
import { sealingStatus } from '../../../bin/commands/secrets/status.ts';
import type { Client } from '../../../lib/client/client.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { inProcess } from '../../../lib/client/in-process.ts';
import { secrets } from '../../../lib/client/resource-type.ts';
import { progressTo } from '../../../lib/cluster/progress.ts';
import type { Store } from '../../../lib/storage/contract.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { sealedWith } from '../../../lib/storage/encryption/envelope.ts';
import type { KeyRing } from '../../../lib/storage/encryption/key-ring.ts';
import { ringKeys, withNewKey } from '../../../lib/storage/encryption/key-ring.ts';
import { encryptedStore } from '../../../lib/storage/encryption/store.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { ADMIN, realApiserver } from '../../fakes/real-apiserver.ts';

/** More than a page of the list. */
const COUNT = 110;

jest.setTimeout(60_000);

async function cluster() {
  const clock = fakeClock();
  const inner = await openMemoryStore({ clock });
  const state = { ring: withNewKey({ keys: [] }) as KeyRing, forgotten: 0 };
  const source = { read: async () => state.ring, refresh: async () => state.ring };
  const store = encryptedStore(inner, { keys: ringKeys(source), types: ['secrets'] });
  const { apiserver } = await realApiserver({ store, clock });
  const client = createClient(inProcess(apiserver.fetch, ADMIN), { userAgent: 'test' });
  const said: string[] = [];
  const sealing: Sealing = {
    ...sealingKeys({
      read: source.read,
      write: async (ring) => {
        state.ring = ring;
      },
    }),
    staysUntil: 'until the log has forgotten what it sealed',
    sealed: () => sealedIn(inner, state.forgotten),
    client,
    settleMs: 0,
  };
  const context = { clock, progress: progressTo((line) => said.push(line), clock) };
  return { inner, store, client, sealing, state, context, said };
}

/** What the objects are sealed with, and the log's entries after a revision. */
async function sealedIn(inner: Store, forgotten: number) {
  const [objects, rows] = [new Map<string, number>(), new Map<string, number>()];
  const add = (counts: Map<string, number>, value: Uint8Array) => {
    const key = sealedWith(value) ?? '';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const { revision, value } of (await inner.list('secrets/')).items) {
    add(objects, value);
    if (revision <= forgotten) add(rows, value);
  }
  const { changes } = await inner.changes(forgotten);
  for (const { value } of changes.filter(({ key }) => key.startsWith('secrets/'))) add(rows, value);
  return { objects, rows };
}

const ringOf = ({ ring }: { ring: KeyRing }) => ring.keys.map(({ name }) => name);
const secret = (i: number) => ({
  metadata: { namespace: 'default', name: `s${i}` },
  data: { password: Buffer.from(`p${i}`).toString('base64') },
});

async function filled() {
  const made = await cluster();
  await Promise.all(Array.from({ length: COUNT }, (_, i) => made.client.create(secrets, secret(i))));
  return made;
}

/** A client that is cut off after so many writes. */
function interrupted(client: Client, after: number): Client {
  let left = after;
  return {
    ...client,
    update: (...args: Parameters<Client['update']>) => {
      if (left-- === 0) throw new Error('interrupted');
      return client.update(...args);
    },
  } as Client;
}

test('a rotation seals every Secret with a new key, and changes nothing else of them', async () => {
  const { client, sealing, context, state, inner, said } = await filled();
  const before = (await client.list(secrets)).items.map(({ data }) => data);
  await rotate(sealing, context);
  expect([...(await sealedIn(inner, 0)).objects]).toEqual([['key2', COUNT]]);
  expect((await client.list(secrets)).items.map(({ data }) => data)).toEqual(before);
  expect(ringOf(state)).toEqual(['key2', 'key1']);
  expect(said.join('\n')).toContain(`All ${COUNT} Secrets are sealed with key2.`);
  expect(said.join('\n')).toContain('key1 stays until the log has forgotten');
});

test('a key is dropped once nothing is sealed with it', async () => {
  const { sealing, context, state, store, said } = await filled();
  await rotate(sealing, context);
  expect(ringOf(state)).toEqual(['key2', 'key1']);
  state.forgotten = await store.revision('secrets/');
  await rotate(sealing, context);
  expect(ringOf(state)).toEqual(['key3']);
  expect(said.at(-1)).toContain(`All ${COUNT} Secrets are sealed with key3.`);
});

test('a rotation that was interrupted half-way goes on with its key, and reads everything meanwhile', async () => {
  const { client, sealing, context, state, inner, said } = await filled();
  await expect(rotate({ ...sealing, client: interrupted(client, 60) }, context)).rejects.toThrow('interrupted');
  expect([...(await sealedIn(inner, 0)).objects].sort()).toEqual([
    ['key1', COUNT - 60],
    ['key2', 60],
  ]);
  expect((await client.list(secrets)).items).toHaveLength(COUNT);
  const revision = await inner.revision('secrets/');
  await rotate(sealing, context);
  expect(ringOf(state)).toEqual(['key2', 'key1']);
  expect([...(await sealedIn(inner, 0)).objects]).toEqual([['key2', COUNT]]);
  // What was written again is not written once more.
  expect((await inner.revision('secrets/')) - revision).toBe(COUNT - 60);
  expect(said.join('')).toContain('A rotation to key2 was begun and goes on.');
});

test('a Secret that changes or goes meanwhile is left to whoever changed it', async () => {
  const { client, sealing, context, inner } = await filled();
  let first = true;
  const busy = {
    ...client,
    update: async (type: any, object: any) => {
      if (first) {
        first = false;
        await client.patch(
          secrets,
          { namespace: 'default', name: object.metadata.name },
          {
            type: 'merge',
            body: { data: { password: 'bmV3' } },
          },
        );
        await client.delete(secrets, { namespace: 'default', name: 's9' });
      }
      return client.update(type, object);
    },
  } as Client;
  await rotate({ ...sealing, client: busy }, context);
  expect([...(await sealedIn(inner, 0)).objects]).toEqual([['key2', COUNT - 1]]);
  expect((await client.get(secrets, { namespace: 'default', name: 's0' })).data).toEqual({ password: 'bmV3' });
});

test('what was stored before encryption was on is sealed too, and the status says so', async () => {
  const { client, sealing, context, store, inner } = await cluster();
  await client.create(secrets, secret(1));
  const plain = (await store.get('secrets/default/s1'))!;
  await inner.commit([{ op: 'update', key: plain.key, revision: plain.revision, value: () => plain.value }]);
  expect(await sealingStatus(sealing)).toBe(
    [
      'KEY      SECRETS   IN THE LOG',
      'key1     0         1            writes',
      '(none)   1         0            not encrypted',
    ].join('\n'),
  );
  await rotate(sealing, context);
  expect([...(await sealing.sealed()).objects]).toEqual([['key2', 1]]);
});
