import type { Store, WatchBatch } from '../../../lib/storage/contract.ts';
import { backends, type Opened } from './backends.ts';
import { create, keys, refusal, remove, text, update } from './writes.ts';

/** The memory backend keeps nothing by design, so it has no promise to test here. */
const durable = backends.filter(({ name }) => name !== 'memory');

describe.each(durable)('what $name keeps over a crash', (backend) => {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await backend.open({ retentionMs: 60_000 });
    store = opened.store;
  });
  afterEach(() => opened.dispose());

  const firstBatch = async (from: number): Promise<WatchBatch> => {
    const watch = store.watch('pods/', { from, signal: new AbortController().signal });
    return (await watch[Symbol.asyncIterator]().next()).value;
  };

  test('every acknowledged write, and revisions go on rising', async () => {
    const one = await create(store, 'pods/a/1', 'one');
    const two = await create(store, 'pods/a/2', 'two');
    const changed = await update(store, one, 'changed');
    const removed = await remove(store, two);
    store = await opened.reopen!();
    expect(await keys(store, 'pods/')).toEqual(['pods/a/1']);
    expect(text((await store.get('pods/a/1'))?.value)).toBe(`changed@${changed.revision}`);
    expect(await store.revision('pods/')).toBe(removed.revision);
    expect((await create(store, 'pods/a/3')).revision).toBeGreaterThan(removed.revision);
  });

  test('the log: watches resume, and lists of the past, where they were', async () => {
    const one = await create(store, 'pods/a/1', 'one');
    const two = await update(store, one, 'two');
    const three = await remove(store, two);
    store = await opened.reopen!();
    const { changes } = await firstBatch(one.revision);
    expect(changes.map(({ type, value, previous }) => [type, text(value), text(previous)])).toEqual([
      ['updated', `two@${two.revision}`, `one@${one.revision}`],
      ['deleted', `gone@${three.revision}`, `two@${two.revision}`],
    ]);
    expect(await keys(store, 'pods/', { revision: two.revision })).toEqual(['pods/a/1']);
  });

  test('compaction: what was forgotten stays forgotten, the present is whole', async () => {
    const one = await create(store, 'pods/a/1', 'one');
    const two = await update(store, one, 'two');
    const gone = await remove(store, await create(store, 'pods/a/2'));
    await store.compact(gone.revision);
    store = await opened.reopen!();
    expect(await refusal(store.list('pods/', { revision: one.revision }))).toBe('Expired');
    expect((await store.list('pods/')).items.map((item) => text(item.value))).toEqual([`two@${two.revision}`]);
    expect(await store.revision('pods/')).toBe(gone.revision);
  });

  test('revisions, even when every row of the newest ones is compacted away', async () => {
    const gone = await remove(store, await create(store, 'pods/a/1'));
    await store.compact(gone.revision);
    store = await opened.reopen!();
    expect((await create(store, 'pods/a/1')).revision).toBe(gone.revision + 1);
  });

  test('time: what grew too old while nobody ran is forgotten on opening', async () => {
    const one = await create(store, 'pods/a/1');
    const two = await create(store, 'pods/a/2');
    await opened.clock.advance(10_000);
    await store.close();
    await opened.clock.advance(100_000);
    store = await opened.reopen!();
    expect(await refusal(store.list('pods/', { revision: one.revision }))).toBe('Expired');
    expect(await keys(store, 'pods/', { revision: two.revision })).toEqual(['pods/a/1', 'pods/a/2']);
  });
});
