import type { Store, StoreError } from '../../../lib/storage/contract.ts';
import { backends, type Opened } from './backends.ts';
import { create, keys, refusal, remove, text, update } from './writes.ts';

const MINUTE_MS = 60_000;

describe.each(backends)('list on $name', (backend) => {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await backend.open();
    store = opened.store;
  });
  afterEach(() => opened.dispose());

  test('items come in the order of their keys, whatever the order of the writes', async () => {
    for (const name of ['b/1', 'a/2', 'c/1', 'a/10', 'a/1']) await create(store, `pods/${name}`);
    expect(await keys(store, 'pods/')).toEqual(['pods/a/1', 'pods/a/10', 'pods/a/2', 'pods/b/1', 'pods/c/1']);
    expect(await keys(store, 'pods/a/')).toEqual(['pods/a/1', 'pods/a/10', 'pods/a/2']);
  });

  test('a type whose name begins with another type is not in its list', async () => {
    await create(store, 'events/a/1');
    await create(store, 'events.events.k8s.io/a/2');
    expect(await keys(store, 'events/')).toEqual(['events/a/1']);
  });

  test('an empty list has the newest revision', async () => {
    expect((await store.list('pods/')).items).toEqual([]);
    const item = await create(store, 'pods/a/1');
    const { revision } = await store.list('pods/b/');
    expect(revision).toBeGreaterThanOrEqual(item.revision);
    expect(await store.revision('pods/')).toBe(revision);
  });

  test('pages go on at the revision of the first, whatever is written between', async () => {
    const items = [];
    for (const name of ['1', '3', '5', '7']) items.push(await create(store, `pods/a/${name}`));
    const first = await store.list('pods/', { limit: 2 });
    expect(first).toMatchObject({ remaining: 2 });
    await create(store, 'pods/a/4');
    await remove(store, items[2]!);
    await update(store, items[3]!, 'new');
    const second = await store.list('pods/', { limit: 2, continue: first.continue! });
    expect(second.items.map(({ key }) => key)).toEqual(['pods/a/5', 'pods/a/7']);
    expect(second.revision).toBe(first.revision);
    expect(second.continue).toBeUndefined();
    expect(text(second.items[1]!.value)).toBe(`v@${items[3]!.revision}`);
  });

  test('a list at a revision is the state at exactly that revision', async () => {
    const one = await create(store, 'pods/a/1', 'one');
    const two = await create(store, 'pods/a/2', 'two');
    const { revision } = await store.list('pods/');
    await update(store, one, 'changed');
    await remove(store, two);
    await create(store, 'pods/a/3');
    const past = await store.list('pods/', { revision });
    expect(past.revision).toBe(revision);
    expect(past.items.map((item) => [item.key, text(item.value), item.revision])).toEqual([
      ['pods/a/1', `one@${one.revision}`, one.revision],
      ['pods/a/2', `two@${two.revision}`, two.revision],
    ]);
    expect(await keys(store, 'pods/', { revision: one.revision })).toEqual(['pods/a/1']);
  });

  test('a deletion and a new creation between are both undone', async () => {
    const first = await create(store, 'pods/a/1', 'first');
    await remove(store, first);
    await create(store, 'pods/a/1', 'second');
    const past = await store.list('pods/', { revision: first.revision });
    expect(past.items.map((item) => text(item.value))).toEqual([`first@${first.revision}`]);
  });

  test('a revision that is not reached yet is refused', async () => {
    const { revision } = await store.list('pods/');
    expect(await refusal(store.list('pods/', { revision: revision + 10 }))).toBe('FutureRevision');
  });

  test('a compacted revision is Expired, the oldest that is kept is not', async () => {
    const first = await create(store, 'pods/a/1');
    const second = await create(store, 'pods/a/2');
    await create(store, 'pods/a/3');
    await store.compact(second.revision);
    expect(await refusal(store.list('pods/', { revision: first.revision }))).toBe('Expired');
    expect(await keys(store, 'pods/', { revision: second.revision })).toEqual(['pods/a/1', 'pods/a/2']);
  });

  test('an expired token brings one that goes on from the same key at the present', async () => {
    for (const name of ['1', '2', '3', '4']) await create(store, `pods/a/${name}`);
    const first = await store.list('pods/', { limit: 2 });
    const last = await create(store, 'pods/a/5');
    await store.compact(last.revision);
    const error: StoreError = await store.list('pods/', { continue: first.continue! }).then(
      () => undefined as never,
      (thrown) => thrown,
    );
    expect(error.reason).toBe('Expired');
    const rest = await store.list('pods/', { limit: 2, continue: error.continue! });
    expect(rest.items.map(({ key }) => key)).toEqual(['pods/a/3', 'pods/a/4']);
    expect(rest.revision).toBe(last.revision);
    expect(await keys(store, 'pods/', { continue: rest.continue! })).toEqual(['pods/a/5']);
  });

  test('a token grows too old even when nothing of its type has changed', async () => {
    for (const name of ['1', '2']) await create(store, `pods/a/${name}`);
    const token = (await store.list('pods/', { limit: 1 })).continue!;
    await create(store, 'leases/a/1');
    await opened.clock.advance(MINUTE_MS);
    expect(await keys(store, 'pods/', { continue: token })).toEqual(['pods/a/2']);
    await opened.clock.advance(10 * MINUTE_MS);
    expect(await refusal(store.list('pods/', { continue: token }))).toBe('Expired');
  });

  test('a token that this list did not make is refused', async () => {
    await create(store, 'pods/a/1');
    await create(store, 'pods/a/2');
    const token = (await store.list('pods/', { limit: 1 })).continue!;
    expect(await refusal(store.list('pods/', { continue: 'nonsense' }))).toBe('InvalidToken');
    expect(await refusal(store.list('nodes/', { continue: token }))).toBe('InvalidToken');
    expect(await refusal(store.list('pods/b/', { continue: token }))).toBe('InvalidToken');
  });

  test('any revision of a random history lists as a replay of the history would', async () => {
    const history = await randomHistory(store);
    for (const [revision, expected] of history) {
      const { items } = await store.list('pods/', { revision });
      expect(items.map((item) => [item.key, item.revision])).toEqual(expected);
    }
  });
});

/** Writes at random (repeatably) and returns what a list at each revision must be. */
async function randomHistory(store: Store): Promise<Map<number, [string, number][]>> {
  const { seededRandom } = await import('../../fakes/random.ts');
  const random = seededRandom(7);
  const model = new Map<string, number>();
  const history = new Map<number, [string, number][]>();
  for (let step = 0; step < 200; step++) {
    const key = `pods/a/${Math.floor(random.next() * 12)}`;
    const known = model.get(key);
    const item = { key, revision: known ?? 0, value: new Uint8Array() };
    const remover = known !== undefined && random.next() < 0.4;
    const { revision } = await (known === undefined
      ? create(store, key)
      : remover
        ? remove(store, item)
        : update(store, item));
    if (remover) model.delete(key);
    else model.set(key, revision);
    history.set(
      revision,
      [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
  return history;
}
