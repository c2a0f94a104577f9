import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Item, Store } from '../../../lib/storage/contract.ts';
import { openEmbeddedStore, openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { open, readEnvelope, seal, sealedWith } from '../../../lib/storage/encryption/envelope.ts';
import { ensureKeyFile, keyFile, readKeyFile, writeKeyFile } from '../../../lib/storage/encryption/key-file.ts';
import {
  type KeyRing,
  parseRing,
  ringKeys,
  withNewKey,
  withoutKeys,
} from '../../../lib/storage/encryption/key-ring.ts';
import { parameterRing } from '../../../lib/storage/encryption/parameter-ring.ts';
import { sealedRows } from '../../../lib/storage/encryption/sealed-rows.ts';
import { encryptedStore } from '../../../lib/storage/encryption/store.ts';
import { fakeClock } from '../../fakes/clock.ts';

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const names = ({ keys }: KeyRing) => keys.map(({ name }) => name);
const fixed = (ring: KeyRing) => ringKeys({ read: async () => ring, refresh: async () => ring });
const one = withNewKey({ keys: [] });
const two = withNewKey(one);
const SECRET = '{"kind":"Secret","data":{"password":"aHVudGVyMg=="}}';

async function sealed(ring: KeyRing, objectKey: string, value: string): Promise<Uint8Array> {
  const writer = await fixed(ring).writer();
  return seal(writer.name, writer.dataKey(), objectKey, Buffer.from(value));
}

async function opened(ring: KeyRing, objectKey: string, value: Uint8Array): Promise<string> {
  const envelope = readEnvelope(value)!;
  return text(open(envelope, await fixed(ring).unwrap(envelope.keyName, envelope.wrapped), objectKey));
}

describe('a sealed value', () => {
  test('opens with its key, for its object, and shows nothing of what it holds', async () => {
    const value = await sealed(one, 'secrets/a/x', SECRET);
    expect(await opened(one, 'secrets/a/x', value)).toBe(SECRET);
    expect(await opened(two, 'secrets/a/x', value)).toBe(SECRET);
    expect(Buffer.from(value).includes('hunter')).toBe(false);
    expect(Buffer.from(value).includes('aHVudGVyMg')).toBe(false);
    expect(sealedWith(value)).toBe('key1');
  });

  test('is compressed before it is encrypted', async () => {
    const value = SECRET.repeat(100);
    const bytes = await sealed(one, 'secrets/a/x', value);
    expect(bytes.length).toBeLessThan(400);
    expect(await opened(one, 'secrets/a/x', bytes)).toBe(value);
  });

  test('does not open for another object, with another key of the same name, or without its key', async () => {
    const value = await sealed(one, 'secrets/a/x', SECRET);
    await expect(opened(one, 'secrets/a/y', value)).rejects.toThrow();
    await expect(opened(withNewKey({ keys: [] }), 'secrets/a/x', value)).rejects.toThrow('not the one that sealed it');
    await expect(opened({ keys: [two.keys[0]!] }, 'secrets/a/x', value)).rejects.toThrow('there is no key key1');
  });

  test('does not open cut off at any byte, or with any byte changed', async () => {
    const value = await sealed(one, 'secrets/a/x', SECRET);
    const header = 'zp:enc:v1:key1:'.length;
    for (let length = header; length < value.length; length++) {
      await expect(async () => opened(one, 'secrets/a/x', value.slice(0, length))).rejects.toThrow();
    }
    for (let at = header; at < value.length; at++) {
      const changed = value.slice();
      changed[at]! ^= 1;
      await expect(async () => opened(one, 'secrets/a/x', changed)).rejects.toThrow();
    }
  });

  test('is told from what is not sealed', () => {
    expect(sealedWith(Buffer.from(SECRET))).toBeUndefined();
    expect(sealedWith(Buffer.from('zp:enc:v1:'))).toBeUndefined();
    expect(readEnvelope(Buffer.from(SECRET))).toBeUndefined();
  });
});

describe('a ring of keys', () => {
  test('writes with its newest key, and keeps what is needed', () => {
    expect(names(two)).toEqual(['key2', 'key1']);
    expect(names(withNewKey(two))).toEqual(['key3', 'key2', 'key1']);
    expect(names(withoutKeys(withNewKey(two), (name) => name === 'key1'))).toEqual(['key3', 'key1']);
    expect(names(withoutKeys(two, () => false))).toEqual(['key2']);
  });

  test.each(['', '{}', '{"keys":[]}', '{"keys":[{"name":"key1","secret":"c2hvcnQ="}]}'])('%j is none', (ring) => {
    expect(() => parseRing(ring, 'keys.json')).toThrow('keys.json is no ring of encryption keys');
  });

  test('in a file is its owner’s alone, and is read again when it changes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zeroplane-keys-'));
    const path = join(folder, 'state', 'keys.json');
    ensureKeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const source = keyFile(path);
    const before = await source.read();
    ensureKeyFile(path);
    expect(await source.read()).toEqual(before);
    writeKeyFile(path, withNewKey(before));
    expect(names(await source.read())).toEqual(['key2', 'key1']);
    expect(readKeyFile(path)).toEqual(await source.read());
    rmSync(folder, { recursive: true });
  });

  test('in a parameter is read again after a minute, and at once for a key that it lacks', async () => {
    const clock = fakeClock();
    let stored = one;
    let reads = 0;
    const fetch = async () => {
      reads++;
      return JSON.stringify(stored);
    };
    const source = parameterRing(fetch, clock, 'secrets');
    const keys = ringKeys(source);
    expect([(await keys.writer()).name, (await keys.writer()).name, reads]).toEqual(['key1', 'key1', 1]);
    stored = two;
    expect((await keys.writer()).name).toBe('key1');
    const envelope = readEnvelope(await sealed(two, 'secrets/a/x', SECRET))!;
    await keys.unwrap(envelope.keyName, envelope.wrapped);
    expect([(await keys.writer()).name, reads]).toEqual(['key2', 2]);
    await clock.advance(60_000);
    await keys.writer();
    expect(reads).toBe(3);
  });
});

describe('a store with encryption', () => {
  let inner: Store;
  let store: Store;
  beforeEach(async () => {
    inner = await openMemoryStore({ clock: fakeClock() });
    store = encryptedStore(inner, { keys: fixed(one), types: ['secrets'] });
  });
  afterEach(() => store.close());

  const create = async (key: string, value: string, into = store) =>
    (await into.commit([{ op: 'create', key, value: () => Buffer.from(value) }])).items[0]!;
  const update = async ({ key, revision }: Item, value: string, into = store) =>
    (await into.commit([{ op: 'update', key, revision, value: () => Buffer.from(value) }])).items[0]!;

  test('seals the types it is told to, and no others', async () => {
    await create('secrets/a/x', SECRET);
    await create('configmaps/a/x', SECRET);
    expect(sealedWith((await inner.get('secrets/a/x'))!.value)).toBe('key1');
    expect(text((await inner.get('configmaps/a/x'))!.value)).toBe(SECRET);
    expect(text((await store.get('secrets/a/x'))!.value)).toBe(SECRET);
    expect(text((await store.changes(0)).changes[0]!.value)).toBe(SECRET);
  });

  test('reads what was stored before it was on, and says that it is stale until it is written again', async () => {
    const before = await create('secrets/a/x', SECRET, inner);
    expect(await store.get('secrets/a/x')).toMatchObject({ value: Buffer.from(SECRET), stale: true });
    await update(before, SECRET);
    expect((await store.get('secrets/a/x'))!.stale).toBeUndefined();
    const rotated = encryptedStore(inner, { keys: fixed(two), types: ['secrets'] });
    expect(await rotated.get('secrets/a/x')).toMatchObject({ stale: true });
  });

  test('a change is opened once for all watchers, with what it replaced', async () => {
    const first = await create('secrets/a/x', 'one');
    await update(first, 'two');
    const { signal } = new AbortController();
    const read = async () => (await store.watch('secrets/', { from: 0, signal })[Symbol.asyncIterator]().next()).value;
    const [a, b] = [await read(), await read()];
    expect(a.changes.map((change: any) => [text(change.previous), text(change.value)])).toEqual([
      ['', 'one'],
      ['one', 'two'],
    ]);
    expect(a.changes[1].value).toBe(b.changes[1].value);
    expect(a.changes[1].value).toBe((await store.get('secrets/a/x'))!.value);
  });

  test('a refused write tells the present state in plain text', async () => {
    const item = await create('secrets/a/x', 'one');
    await update(item, 'two');
    const refused = await update(item, 'three').catch((error) => error);
    expect([refused.reason, text(refused.current.value)]).toEqual(['Conflict', 'two']);
  });

  test('what cannot be opened is Unreadable, and leaves the rest alone', async () => {
    await create('secrets/a/x', SECRET);
    await create('configmaps/a/x', SECRET);
    const other = encryptedStore(inner, { keys: fixed(withNewKey({ keys: [] })), types: ['secrets'] });
    await expect(other.get('secrets/a/x')).rejects.toMatchObject({ reason: 'Unreadable', key: 'secrets/a/x' });
    await expect(other.list('secrets/')).rejects.toMatchObject({ reason: 'Unreadable' });
    expect((await other.list('configmaps/')).items).toHaveLength(1);
  });

  test('a value that was cut off in the database is Unreadable', async () => {
    const { value } = (await create('secrets/a/x', SECRET)) && (await inner.get('secrets/a/x'))!;
    await inner.commit([{ op: 'create', key: 'secrets/a/y', value: () => value.slice(0, -1) }]);
    await expect(store.get('secrets/a/y')).rejects.toMatchObject({ reason: 'Unreadable' });
  });
});

test('the database of an embedded store holds the text of no Secret, and says which key sealed what', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-sealed-'));
  const path = join(folder, 'store.db');
  const holds = (what: string) =>
    [path, `${path}-wal`].some((file) => {
      try {
        return readFileSync(file).includes(what);
      } catch {
        return false; // no log once the database is closed
      }
    });
  const put = (store: Store, name: string) =>
    store.commit([{ op: 'create', key: `secrets/a/${name}`, value: () => Buffer.from(SECRET) }]);

  const plain = await openEmbeddedStore({ path, clock: fakeClock() });
  await put(plain, 'before');
  expect(holds('aHVudGVyMg')).toBe(true);
  expect([...sealedRows(path, 'secrets').objects]).toEqual([['', 1]]);

  const store = encryptedStore(plain, { keys: fixed(one), types: ['secrets'] });
  const old = (await store.get('secrets/a/before'))!;
  await store.commit([{ op: 'update', key: old.key, revision: old.revision, value: () => old.value }]);
  await put(store, 'after');
  expect([...sealedRows(path, 'secrets').objects]).toEqual([['key1', 2]]);
  expect([...sealedRows(path, 'secrets').rows]).toEqual([
    ['', 1],
    ['key1', 2],
  ]);
  await store.compact(await store.revision('secrets/'));
  await store.close();
  expect([...sealedRows(path, 'secrets').rows]).toEqual([['key1', 2]]);
  rmSync(folder, { recursive: true });
});
