import type { Store } from '../../../lib/storage/contract.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { open, readEnvelope, seal, sealedWith } from '../../../lib/storage/encryption/envelope.ts';
import { type KeyRing, parseRing, ringKeys, withNewKey } from '../../../lib/storage/encryption/key-ring.ts';
import type { Keys } from '../../../lib/storage/encryption/keys.ts';
import { DATA_KEY_MS, DATA_KEY_USES, kmsKeys } from '../../../lib/storage/encryption/kms-keys.ts';
import { encryptedStore } from '../../../lib/storage/encryption/store.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { FakeKms } from '../../fakes/kms.ts';

const SECRET = '{"kind":"Secret","data":{"password":"aHVudGVyMg=="}}';
const KEY = 'secrets/a/x';
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

let kms: FakeKms;
let arn: string;
let ring: KeyRing;
const clock = fakeClock();

beforeEach(() => {
  kms = new FakeKms();
  arn = kms.createKey();
  ring = withNewKey({ keys: [] }, { kms: arn });
});

/** Of a function that has just started: nothing is cached. */
function fresh(cluster = 'c'): Keys {
  const source = { read: async () => ring, refresh: async () => ring };
  return ringKeys(
    source,
    kmsKeys(async () => kms, cluster, clock),
  );
}

async function sealed(keys: Keys, value = SECRET): Promise<Uint8Array> {
  const writer = await keys.writer();
  return seal(writer.name, writer.dataKey(), KEY, Buffer.from(value));
}

async function opened(keys: Keys, value: Uint8Array): Promise<string> {
  const envelope = readEnvelope(value)!;
  return text(open(envelope, await keys.unwrap(envelope.keyName, envelope.wrapped), KEY));
}

describe('a key of KMS in the ring', () => {
  test('is named there by its ARN, without a secret', () => {
    expect(parseRing(JSON.stringify(ring), 'ring')).toEqual({ keys: [{ name: 'key1', kms: arn }] });
    expect(() => parseRing('{"keys":[{"name":"key1","kms":1}]}', 'ring')).toThrow('is no ring of encryption keys');
  });

  test('wraps data keys that KMS alone opens', async () => {
    const value = await sealed(fresh());
    expect(sealedWith(value)).toBe('key1');
    expect(await opened(fresh(), value)).toBe(SECRET);
    expect(kms.asked).toEqual({ generate: 1, decrypt: 1 });
    const other = kms.createKey();
    ring = { keys: [{ name: 'key1', kms: other }] };
    await expect(opened(fresh(), value)).rejects.toThrow(`KMS does not unwrap with key1, ${other}`);
  });

  test('opens nothing of another cluster, though it has the same key', async () => {
    const value = await sealed(fresh('c'));
    await expect(opened(fresh('d'), value)).rejects.toThrow('KMS does not unwrap with key1');
  });

  test('gives a data key for some minutes and many values', async () => {
    const keys = fresh();
    await sealed(keys);
    for (let i = 1; i < DATA_KEY_USES; i++) (await keys.writer()).dataKey();
    expect(kms.asked.generate).toBe(1);
    await sealed(keys);
    expect(kms.asked.generate).toBe(2);
    await clock.advance(DATA_KEY_MS);
    await sealed(keys);
    expect(kms.asked.generate).toBe(3);
  });

  test('is asked once for the values of one data key', async () => {
    const writing = fresh();
    const values = await Promise.all([1, 2, 3].map((i) => sealed(writing, `v${i}`)));
    const reading = fresh();
    expect(await Promise.all(values.map((value) => opened(reading, value)))).toEqual(['v1', 'v2', 'v3']);
    expect(kms.asked.decrypt).toBe(1);
  });

  test('that fails is asked again the next time', async () => {
    const keys = fresh();
    kms.failure = new Error('ThrottlingException');
    await expect(sealed(keys)).rejects.toThrow('KMS gives no data key of key1');
    kms.failure = undefined;
    const value = await sealed(keys);
    const reading = fresh();
    kms.failure = new Error('ThrottlingException');
    await expect(opened(reading, value)).rejects.toThrow('ThrottlingException');
    kms.failure = undefined;
    expect(await opened(reading, value)).toBe(SECRET);
  });

  test('that KMS has rotated opens what it sealed before', async () => {
    const value = await sealed(fresh());
    kms.rotate(arn);
    expect(await opened(fresh(), value)).toBe(SECRET);
    expect(await opened(fresh(), await sealed(fresh()))).toBe(SECRET);
  });

  test('needs a KMS that can be asked', async () => {
    const source = { read: async () => ring, refresh: async () => ring };
    await expect(ringKeys(source).writer()).rejects.toThrow('the key key1 is KMS’s, which cannot be asked from here');
  });
});

test('a ring without a key of KMS loads no client', async () => {
  const own = withNewKey({ keys: [] });
  const source = { read: async () => own, refresh: async () => own };
  const never = async () => {
    throw new Error('loaded');
  };
  const keys = ringKeys(source, kmsKeys(never, 'c', clock));
  expect(await opened(keys, await sealed(keys))).toBe(SECRET);
});

describe('a cluster that goes from its own keys to KMS and back', () => {
  let inner: Store;
  beforeEach(async () => {
    inner = await openMemoryStore({ clock });
  });
  afterEach(() => inner.close());

  const store = () => encryptedStore(inner, { keys: fresh(), types: ['secrets'] });
  const create = (name: string) =>
    store().commit([{ op: 'create', key: `secrets/a/${name}`, value: () => Buffer.from(SECRET) }]);

  test('reads all that it has sealed, and seals with the key that is first', async () => {
    ring = withNewKey({ keys: [] });
    await create('own');
    ring = withNewKey(ring, { kms: arn });
    await create('kms');
    ring = withNewKey(ring);
    await create('again');
    const items = (await store().list('secrets/')).items;
    expect(items.map(({ value }) => text(value))).toEqual([SECRET, SECRET, SECRET]);
    const stored = (await inner.list('secrets/')).items;
    expect(stored.map(({ key, value }) => [key, sealedWith(value)])).toEqual([
      ['secrets/a/again', 'key3'],
      ['secrets/a/kms', 'key2'],
      ['secrets/a/own', 'key1'],
    ]);
    expect(items.map(({ stale }) => stale ?? false)).toEqual([false, true, true]);
  });

  test('without KMS what it sealed is Unreadable, and the rest is not', async () => {
    await create('kms');
    ring = withNewKey(ring);
    await create('own');
    kms.failure = new Error('KMSInvalidStateException: pending deletion');
    await expect(store().get('secrets/a/kms')).rejects.toMatchObject({ reason: 'Unreadable' });
    expect(text((await store().get('secrets/a/own'))!.value)).toBe(SECRET);
  });
});
