import type { Change, ItemList, Store } from '../../../lib/storage/contract.ts';
import { backends, type Opened } from './backends.ts';
import { create, keys, refusal, remove, text, update, value } from './writes.ts';

/** Backends that several processes share. The others have one store over their data, by design. */
const distributed = backends.filter(({ isShared }) => isShared);

(distributed.length > 0 ? describe : describe.skip).each(distributed)('two stores over the same $name', (backend) => {
  let opened: Opened;
  let one: Store;
  let two: Store;
  beforeEach(async () => {
    opened = await backend.open({ retentionMs: 60_000 });
    one = opened.store;
    two = await opened.beside!();
  });
  afterEach(() => opened.dispose());

  const watching = (store: Store, prefix: string, from: number) => {
    const abort = new AbortController();
    const batches = store.watch(prefix, { from, signal: abort.signal })[Symbol.asyncIterator]();
    return { next: () => batches.next(), abort: () => abort.abort() };
  };

  test('each reads what the other has written, as soon as it is acknowledged', async () => {
    for (let round = 0; round < 5; round++) {
      const item = await create(one, `pods/a/${round}`, 'one');
      expect(await two.get(item.key)).toMatchObject({ key: item.key, revision: item.revision, value: item.value });
      expect((await two.list('pods/')).items).toHaveLength(round + 1);
      const changed = await update(two, item, 'two');
      expect(text((await one.get(item.key))?.value)).toBe(`two@${changed.revision}`);
      expect(await one.revision('pods/')).toBe(changed.revision);
    }
  });

  test('a writer with an old view meets the present, and says what is there', async () => {
    const first = await create(one, 'pods/a/x');
    await one.list('pods/');
    const second = await update(two, first);
    await expect(
      one.commit([{ op: 'delete', key: first.key, revision: first.revision, value: value('gone') }]),
    ).rejects.toMatchObject({ reason: 'Conflict', current: { revision: second.revision } });
    await remove(two, second);
    expect(await refusal(update(one, second))).toBe('NotFound');
    expect((await create(one, 'pods/a/x')).revision).toBeGreaterThan(second.revision);
  });

  test('a watch hears what another store writes, once and in order', async () => {
    const { revision } = await create(one, 'pods/a/0');
    const watch = watching(two, 'pods/', revision);
    const expected: string[] = [];
    for (let i = 1; i <= 20; i++) {
      const item = await create(i % 2 ? one : two, `pods/a/${i}`);
      expected.push(`${item.key}@${item.revision}`);
    }
    const seen: string[] = [];
    while (seen.length < expected.length) {
      const { value: batch } = await watch.next();
      for (const change of batch!.changes) seen.push(`${change.key}@${change.revision}`);
    }
    expect(seen).toEqual(expected);
    watch.abort();
  });

  const names = ({ items }: ItemList) => items.map(({ key, revision }) => `${key.split('/').at(-1)}@${revision}`);

  test('a commit over several types is seen whole, or not at all', async () => {
    const commits = 15;
    let isDone = false;
    const writes = (async () => {
      for (let i = 0; i < commits; i++) {
        await one.commit([
          { op: 'create', key: `services/a/${i}`, value: value('s') },
          { op: 'create', key: `ips/${i}`, value: value('i') },
        ]);
      }
      isDone = true;
    })();
    while (!isDone) {
      const services = await two.list('services/');
      // Before the first commit there is no revision to ask for.
      if (services.revision === 0) continue;
      const ips = await two.list('ips/', { revision: services.revision });
      expect(names(ips)).toEqual(names(services));
    }
    await writes;
    expect(await keys(two, 'ips/')).toHaveLength(commits);
  });

  test('of many creates of one key by both exactly one wins', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, i) => refusal(create(i % 2 ? one : two, 'pods/a/x'))),
    );
    expect(outcomes.filter((outcome) => outcome === 'none')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'Exists')).toHaveLength(9);
  });

  test('a store that comes later resumes a watch, and pages, that began at another', async () => {
    const first = await create(one, 'pods/a/1', 'one');
    await create(one, 'pods/a/2', 'two');
    const page = await one.list('pods/', { limit: 1 });
    const changed = await update(one, first, 'changed');
    const later = await opened.beside!();
    const rest = await later.list('pods/', { continue: page.continue! });
    expect([rest.revision, rest.items.map(({ key }) => key)]).toEqual([page.revision, ['pods/a/2']]);
    const { value: batch } = await watching(later, 'pods/', page.revision).next();
    expect(batch!.changes.map(({ key, value, previous }: Change) => [key, text(value), text(previous)])).toEqual([
      ['pods/a/1', `changed@${changed.revision}`, `one@${first.revision}`],
    ]);
  });

  test('what one store compacts is compacted for all', async () => {
    const first = await create(one, 'pods/a/1');
    const second = await update(one, first);
    await two.list('pods/');
    await update(two, second);
    await one.compact(second.revision);
    expect(await refusal(two.list('pods/', { revision: first.revision }))).toBe('Expired');
    expect(await keys(two, 'pods/', { revision: second.revision })).toEqual(['pods/a/1']);
    const later = await opened.beside!();
    expect(await refusal(watching(later, 'pods/', first.revision).next())).toBe('Expired');
  });

  test('a store that was away for hours knows the present when it is asked', async () => {
    const first = await create(one, 'pods/a/1');
    expect(await keys(two, 'pods/')).toEqual(['pods/a/1']);
    const watch = watching(two, 'pods/', first.revision);
    const next = refusal(watch.next());
    await opened.clock.advance(3 * 3_600_000);
    await remove(one, first);
    await create(one, 'pods/a/2');
    expect(await keys(two, 'pods/')).toEqual(['pods/a/2']);
    // It may have missed changes that were collected: it cannot go on.
    expect(await next).toBe('Expired');
  });

  test('values up to the limit go and come back, and are gone from every list once deleted', async () => {
    const noise = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * 2_654_435_761) >>> 13));
    const large = await one.commit([
      { op: 'create', key: 'secrets/a/large', value: () => noise },
      { op: 'create', key: 'secrets/a/small', value: value('small') },
    ]);
    expect(Buffer.from((await two.get('secrets/a/large'))!.value).equals(noise)).toBe(true);
    const changed = await two.commit([
      {
        op: 'update',
        key: 'secrets/a/large',
        revision: large.revision,
        value: () => Buffer.concat([noise, noise.subarray(0, 9)]),
      },
    ]);
    const { items } = await one.list('secrets/', { revision: large.revision });
    expect(Buffer.from(items[0]!.value).equals(noise)).toBe(true);
    const later = await opened.beside!();
    const { value: batch } = await watching(later, 'secrets/', large.revision).next();
    expect(batch!.changes[0]!.value).toHaveLength(1_000_009);
    expect(Buffer.from(batch!.changes[0]!.previous!).equals(noise)).toBe(true);
    await remove(later, changed.items[0]!);
    expect(await keys(one, 'secrets/')).toEqual(['secrets/a/small']);
  });
});
