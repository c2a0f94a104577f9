import { randomBytes } from 'node:crypto';
import type { Store, WatchBatch } from '../../../lib/storage/contract.ts';
import { settle } from '../../fakes/clock.ts';
import { backends, type Opened } from './backends.ts';
import { create, refusal, remove, text, update, value } from './writes.ts';

/** A watch that a test reads batch by batch. */
function watching(store: Store, prefix: string, from: number, more = {}) {
  const abort = new AbortController();
  const batches = store.watch(prefix, { from, signal: abort.signal, ...more })[Symbol.asyncIterator]();
  const seen: string[] = [];
  return {
    abort: () => abort.abort(),
    next: () => batches.next() as Promise<IteratorResult<WatchBatch>>,
    /** `created key value` of the next n changes. */
    async changes(count: number): Promise<string[]> {
      while (seen.length < count) {
        const { value: batch, done } = await batches.next();
        if (done) break;
        for (const change of batch.changes) seen.push(`${change.type} ${change.key} ${text(change.value)}`);
      }
      return seen.splice(0, count);
    },
  };
}

describe.each(backends)('watch on $name', (backend) => {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await backend.open({ retentionMs: 60_000, maxLogBytes: 400_000 });
    store = opened.store;
  });
  afterEach(() => opened.dispose());

  test('every change after the revision is delivered once, in order, with the bytes before', async () => {
    const before = await create(store, 'pods/a/0');
    const watch = watching(store, 'pods/', before.revision);
    const one = await create(store, 'pods/a/1', 'one');
    const two = await update(store, one, 'two');
    const three = await remove(store, two);
    expect(await watch.changes(3)).toEqual([
      `created pods/a/1 one@${one.revision}`,
      `updated pods/a/1 two@${two.revision}`,
      `deleted pods/a/1 gone@${three.revision}`,
    ]);
    const again = store.watch('pods/', { from: before.revision, signal: new AbortController().signal });
    const { value: batch } = await again[Symbol.asyncIterator]().next();
    expect(batch.changes.map((change: any) => text(change.previous))).toEqual([
      undefined,
      `one@${one.revision}`,
      `two@${two.revision}`,
    ]);
    expect(batch.revision).toBeGreaterThanOrEqual(three.revision);
  });

  test('a waiting watch hears of a change only when it can be read', async () => {
    const watch = watching(store, 'pods/', await store.revision('pods/'));
    const next = watch.next();
    const created = create(store, 'pods/a/1');
    const early = await store.get('pods/a/1');
    const { value: batch } = await next;
    expect([undefined, batch.revision]).toContain(early?.revision);
    expect(await store.get('pods/a/1')).toMatchObject({ revision: batch.revision });
    await created;
  });

  test('a watch of a prefix sees its own keys only', async () => {
    const watch = watching(store, 'pods/a/', await store.revision('pods/'));
    await create(store, 'pods/b/1');
    await create(store, 'nodes/a/1');
    await create(store, 'pods/a/1', 'mine');
    expect(await watch.changes(1)).toEqual([expect.stringContaining('pods/a/1 mine')]);
  });

  test('watchers of one change share its buffer', async () => {
    const from = await store.revision('pods/');
    const [one, two] = [watching(store, 'pods/', from), watching(store, 'pods/a/', from)];
    await create(store, 'pods/a/1');
    const [a, b] = await Promise.all([one.next(), two.next()]);
    expect(a.value.changes[0].value).toBe(b.value.changes[0].value);
    expect(a.value.changes[0].value).toBe((await store.get('pods/a/1'))?.value);
  });

  test('the writes of one commit come in one batch', async () => {
    const watch = watching(store, 'pods/', await store.revision('pods/'));
    const count = Math.min(1_500, backend.maxWrites ?? 1_500);
    const keys = Array.from({ length: count }, (_, i) => `pods/a/${i}`);
    await create(store, 'pods/b/1');
    await store.commit(keys.map((key) => ({ op: 'create', key, value: value('') })));
    const sizes = [(await watch.next()).value.changes.length, 0];
    if (sizes[0] === 1) sizes[1] = (await watch.next()).value.changes.length;
    expect(sizes[0]! + sizes[1]!).toBe(count + 1);
  });

  test('an abort ends a waiting watch cleanly', async () => {
    const watch = watching(store, 'pods/', await store.revision('pods/'));
    const next = watch.next();
    watch.abort();
    expect(await next).toMatchObject({ done: true });
    expect(await watch.next()).toMatchObject({ done: true });
  });

  test('an idle watch tells about progress made elsewhere', async () => {
    const watch = watching(store, 'pods/a/', await store.revision('pods/'), { progressMs: 1_000 });
    const next = watch.next();
    const other = await create(store, 'pods/b/1');
    await settle();
    await opened.clock.advance(1_000);
    const { value: batch } = await next;
    expect(batch).toEqual({ changes: [], revision: other.revision });
    expect(opened.clock.pending).toBeLessThanOrEqual(2);
  });

  test('a watch from a compacted revision is Expired, from the newest compacted one it goes on', async () => {
    const first = await create(store, 'pods/a/1');
    const second = await create(store, 'pods/a/2');
    const third = await create(store, 'pods/a/3');
    await store.compact(second.revision);
    expect(await refusal(watching(store, 'pods/', first.revision).next())).toBe('Expired');
    expect(await watching(store, 'pods/', second.revision).changes(1)).toEqual([
      `created pods/a/3 v@${third.revision}`,
    ]);
  });

  test('a watch that is left behind ends with Expired, one that kept up goes on', async () => {
    const from = await store.revision('pods/');
    const [slow, quick] = [watching(store, 'pods/', from), watching(store, 'pods/', from)];
    let item = await create(store, 'pods/a/1');
    await slow.next();
    await quick.changes(1);
    for (let i = 0; i < 50; i++) {
      item = await update(store, item, randomBytes(10_000).toString('hex'));
      await quick.changes(1);
    }
    expect(await refusal(slow.next())).toBe('Expired');
    await update(store, item, 'last');
    expect(await quick.changes(1)).toEqual([expect.stringContaining('last')]);
  });

  test('changes older than the retention are forgotten', async () => {
    const first = await create(store, 'pods/a/1');
    const second = await create(store, 'pods/a/2');
    await opened.clock.advance(100_000);
    expect(await refusal(watching(store, 'pods/', first.revision).next())).toBe('Expired');
    expect(await refusal(store.list('pods/', { revision: first.revision }))).toBe('Expired');
    const watch = watching(store, 'pods/', second.revision);
    await create(store, 'pods/a/3');
    expect(await watch.changes(1)).toEqual([expect.stringContaining('pods/a/3')]);
  });

  test('an idle store sets no timer', async () => {
    await create(store, 'pods/a/1');
    await opened.clock.advance(200_000);
    expect(opened.clock.pending).toBe(0);
  });

  test('closing the store ends its watches', async () => {
    const next = watching(store, 'pods/', await store.revision('pods/')).next();
    const ended = refusal(next);
    await settle();
    await store.close();
    expect(await ended).toBe('Closed');
  });
});
