import { ensureKeys } from '../../../functions/keys/keys.ts';
import { LOCK, withLock } from '../../../functions/keys/lock.ts';
import { answerRing, planAdd, planPrune, UNUSED_MS } from '../../../functions/keys/ring.ts';
import { clusterKeys } from '../../../lib/cloud/aws/key-parameters.ts';
import type { KeysRequest } from '../../../lib/cloud/aws/keys-function.ts';
import { withNewKey } from '../../../lib/storage/encryption/key-ring.ts';
import { type FakeClock, fakeClock, settle } from '../../fakes/clock.ts';
import { ParametersInMemory } from '../../fakes/parameters.ts';

const KMS_KEY = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const names = ({ keys }: { keys: readonly { name: string }[] }) => keys.map(({ name }) => name);

async function cluster(kms?: string) {
  const clock: FakeClock = fakeClock();
  const parameters = new ParametersInMemory();
  await ensureKeys({ parameters, clock, rotation: '1', rewrite: false, kms });
  const rotated: string[] = [];
  const rotation = {
    begin: async (arn: string) => void rotated.push(arn),
    isRunning: async () => rotated.length === 1,
  };
  const ask = (request: KeysRequest) => answerRing(request, { parameters, clock, kms: async () => rotation });
  return { clock, parameters, rotated, ask };
}

describe('the ring, as a command asks for it', () => {
  test('is told without a secret', async () => {
    const { ask } = await cluster();
    expect(await ask({ action: 'status' })).toEqual({ keys: [{ name: 'key1' }], isRotating: false });
  });

  test('gets a key that writes, and a deployment that follows adds none', async () => {
    const { ask, parameters, clock } = await cluster();
    const [first] = clusterKeys(parameters.values).secrets.keys;
    expect(names(await ask({ action: 'add' }))).toEqual(['key2', 'key1']);
    await ensureKeys({ parameters, clock, rotation: '1', rewrite: false });
    const ring = clusterKeys(parameters.values).secrets.keys;
    expect(ring).toHaveLength(2);
    expect(ring[1]).toEqual(first);
  });

  test('gets keys from many at once, and loses none', async () => {
    const { ask, parameters, clock } = await cluster();
    const asked = Promise.all([1, 2, 3, 4, 5].map(() => ask({ action: 'add' })));
    for (let i = 0; i < 10; i++) await clock.advance(500);
    await asked;
    expect(names(clusterKeys(parameters.values).secrets)).toEqual(['key6', 'key5', 'key4', 'key3', 'key2', 'key1']);
  });

  test('of KMS gets a key of KMS, and KMS new material before', async () => {
    const { ask, rotated } = await cluster(KMS_KEY);
    expect(await ask({ action: 'rotate-kms' })).toEqual({ keys: [{ name: 'key1', kms: KMS_KEY }], isRotating: true });
    expect(rotated).toEqual([KMS_KEY]);
    expect((await ask({ action: 'add' })).keys[0]).toEqual({ name: 'key2', kms: KMS_KEY });
  });

  test('without KMS asks it for nothing', async () => {
    const { ask, rotated } = await cluster();
    await ask({ action: 'rotate-kms' });
    expect(rotated).toEqual([]);
  });

  test('forgets what is not needed once a newer key has been writing for an hour', async () => {
    const { ask, clock } = await cluster();
    await ask({ action: 'add' });
    await ask({ action: 'add' });
    expect(names(await ask({ action: 'prune', needed: [] }))).toEqual(['key3', 'key2', 'key1']);
    await clock.advance(UNUSED_MS);
    expect(names(await ask({ action: 'prune', needed: ['key2'] }))).toEqual(['key3', 'key2']);
    expect(names(await ask({ action: 'prune', needed: [] }))).toEqual(['key3']);
  });
});

test('a key that wrote until a moment ago stays, and so does one of whom nobody knows', () => {
  const ring = planAdd(planAdd(withNewKey({ keys: [] }), 0), UNUSED_MS);
  expect(names(planPrune(ring, [], UNUSED_MS))).toEqual(['key3', 'key2']);
  const unknown = withNewKey(withNewKey({ keys: [] }));
  expect(names(planPrune(unknown, [], Number.MAX_SAFE_INTEGER))).toEqual(['key2', 'key1']);
});

describe('the lock', () => {
  test('that somebody was killed with is taken over when he can no longer run', async () => {
    const { parameters, clock } = await cluster();
    await parameters.create(LOCK, String(clock.now() + 10_000));
    let done = false;
    const working = withLock(parameters, clock, async () => {
      done = true;
    });
    await settle();
    expect(done).toBe(false);
    for (let i = 0; i < 22; i++) await clock.advance(500);
    await working;
    expect(done).toBe(true);
    expect(parameters.values.has(LOCK)).toBe(false);
  });

  test('is given back when the work fails, and refused when it is not given back', async () => {
    const { parameters, clock } = await cluster();
    const failing = withLock(parameters, clock, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(parameters.values.has(LOCK)).toBe(false);
    await parameters.create(LOCK, String(Number.MAX_SAFE_INTEGER));
    const waiting = withLock(parameters, clock, async () => undefined);
    const refused = expect(waiting).rejects.toThrow('somebody else changes the keys');
    for (let i = 0; i < 62; i++) await clock.advance(500);
    await refused;
  });
});
