import { backends, type Opened } from './backends.ts';
import { create, refusal, remove, text, update, value } from './writes.ts';

describe.each(backends)('changes of every type on $name', (backend) => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await backend.open();
  });
  afterEach(() => opened.dispose());

  test('come in the order of their revisions, with the bytes before, up to the present', async () => {
    const { store } = opened;
    const one = await create(store, 'pods/a/x');
    const both = await store.commit([
      { op: 'create', key: 'services/a/s', value: value('s') },
      { op: 'create', key: 'serviceips/10.0.0.1', value: value('ip') },
    ]);
    const two = await update(store, one, 'two');
    const three = await remove(store, two);
    const { changes, revision } = await store.changes(one.revision);
    expect(revision).toBe(three.revision);
    expect(changes.map(({ type, key, previous }) => [type, key, text(previous)])).toEqual([
      ['created', 'services/a/s', undefined],
      ['created', 'serviceips/10.0.0.1', undefined],
      ['updated', 'pods/a/x', `v@${one.revision}`],
      ['deleted', 'pods/a/x', `two@${two.revision}`],
    ]);
    expect(changes.map((change) => change.revision)).toEqual([both.revision, both.revision, two.revision, revision]);
    expect(await store.changes(revision)).toEqual({ changes: [], revision });
  });

  test('end with Expired once the log is compacted, and refuse what is not reached', async () => {
    const { store } = opened;
    const one = await create(store, 'pods/a/x');
    const two = await create(store, 'pods/a/y');
    await store.compact(two.revision);
    expect(await refusal(store.changes(one.revision))).toBe('Expired');
    expect(await refusal(store.changes(two.revision + 1))).toBe('FutureRevision');
    expect((await store.changes(two.revision)).changes).toEqual([]);
  });
});
