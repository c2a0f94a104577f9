import { randomBytes } from 'node:crypto';
import type { Store } from '../../../lib/storage/contract.ts';
import { backends, type Opened } from './backends.ts';
import { create, keys, refusal, remove, text, update, value } from './writes.ts';

describe.each(backends)('commit on $name', (backend) => {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await backend.open({ maxValueBytes: 1000 });
    store = opened.store;
  });
  afterEach(() => opened.dispose());

  test('a created item is read back with its revision inside', async () => {
    const item = await create(store, 'pods/a/x');
    expect(text(item.value)).toBe(`v@${item.revision}`);
    expect(await store.get('pods/a/x')).toMatchObject({ key: 'pods/a/x', revision: item.revision });
    expect(await store.get('pods/a/y')).toBeUndefined();
  });

  test('a create fails if the key exists', async () => {
    await create(store, 'pods/a/x');
    expect(await refusal(create(store, 'pods/a/x'))).toBe('Exists');
  });

  test('a key can be created again after its deletion', async () => {
    const first = await create(store, 'pods/a/x');
    await remove(store, first);
    const second = await create(store, 'pods/a/x');
    expect(second.revision).toBeGreaterThan(first.revision);
  });

  test('an update, delete or check fails if the revision moved, and says what is there now', async () => {
    const first = await create(store, 'pods/a/x');
    const second = await update(store, first);
    expect(await refusal(update(store, first))).toBe('Conflict');
    expect(await refusal(remove(store, first))).toBe('Conflict');
    const stale = store.commit([{ op: 'check', key: 'pods/a/x', revision: first.revision }]);
    await expect(stale).rejects.toMatchObject({ reason: 'Conflict', current: { revision: second.revision } });
    expect((await store.get('pods/a/x'))?.revision).toBe(second.revision);
  });

  test('an update, delete or check of a key that is not there fails with NotFound', async () => {
    const absent = { key: 'pods/a/x', revision: 1, value: new Uint8Array() };
    expect(await refusal(update(store, absent))).toBe('NotFound');
    expect(await refusal(remove(store, absent))).toBe('NotFound');
    expect(await refusal(store.commit([{ op: 'check', key: 'pods/a/x', revision: 1 }]))).toBe('NotFound');
  });

  test('a check of revision 0 demands absence', async () => {
    await store.commit([{ op: 'check', key: 'pods/a/x', revision: 0 }]);
    await create(store, 'pods/a/x');
    expect(await refusal(store.commit([{ op: 'check', key: 'pods/a/x', revision: 0 }]))).toBe('Conflict');
  });

  test('all writes of a commit happen at one revision or none does', async () => {
    const taken = await create(store, 'ips/10.96.0.1');
    const both = [
      { op: 'create', key: 'services/a/x', value: value('s') },
      { op: 'create', key: 'ips/10.96.0.1', value: value('i') },
    ] as const;
    expect(await refusal(store.commit(both))).toBe('Exists');
    expect(await store.get('services/a/x')).toBeUndefined();
    await remove(store, taken);
    const { revision, items } = await store.commit(both);
    expect(items.map((item) => item.revision)).toEqual([revision, revision]);
  });

  test('revisions rise with every commit of a type', async () => {
    const revisions: number[] = [];
    for (let i = 0; i < 5; i++) revisions.push((await create(store, `pods/a/${i}`)).revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
  });

  test('of many updates of one revision at the same time exactly one wins', async () => {
    const item = await create(store, 'pods/a/x');
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => refusal(update(store, item))));
    expect(outcomes.filter((outcome) => outcome === 'none')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'Conflict')).toHaveLength(19);
  });

  test('of two creates of one key at the same time one wins, and the other meets it', async () => {
    const outcomes = await Promise.all([refusal(create(store, 'pods/a/x')), refusal(create(store, 'pods/a/x'))]);
    expect(outcomes.sort()).toEqual(['Exists', 'none']);
    expect(await keys(store, 'pods/')).toEqual(['pods/a/x']);
  });

  test('a value over the limit is refused and leaves nothing', async () => {
    const large = store.commit([{ op: 'create', key: 'pods/a/x', value: () => randomBytes(1001) }]);
    expect(await refusal(large)).toBe('TooLarge');
    expect(await keys(store, 'pods/')).toEqual([]);
  });

  test('an encoder that throws refuses its own commit only', async () => {
    const broken = store.commit([
      { op: 'create', key: 'pods/a/x', value: value('x') },
      {
        op: 'create',
        key: 'pods/a/y',
        value: () => {
          throw new RangeError('no');
        },
      },
    ]);
    const [outcome] = await Promise.allSettled([broken, create(store, 'pods/a/z')]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(RangeError) });
    expect(await keys(store, 'pods/')).toEqual(['pods/a/z']);
  });

  test('what a writer does to its buffer later does not reach the store', async () => {
    const pool = Buffer.alloc(100, 'a');
    await store.commit([{ op: 'create', key: 'pods/a/x', value: () => pool.subarray(0, 3) }]);
    pool.fill('b');
    expect(text((await store.get('pods/a/x'))?.value)).toBe('aaa');
  });

  test('a closed store refuses', async () => {
    await create(store, 'pods/a/x');
    await store.close();
    expect(await refusal(store.get('pods/a/x'))).toBe('Closed');
    expect(await refusal(create(store, 'pods/a/y'))).toBe('Closed');
  });
});
