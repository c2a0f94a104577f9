import type { Store } from '../../../lib/storage/contract.ts';
import { type Database, DatabaseError, type DatabaseFailure } from '../../../lib/storage/dynamodb/database.ts';
import { dynamoBackends, type OpenedDynamo } from './dynamodb-backend.ts';
import { create, keys, refusal, update, value } from './writes.ts';

const backends = dynamoBackends();
const lost = () => Promise.reject(new DatabaseError('LostReply', 'no reply'));
const refused = (failure: DatabaseFailure) => () => Promise.reject(new DatabaseError(failure, failure));

/** What the protocol does about a network and a database that fail. The simulation tries every order; here a real server answers. */
(backends.length > 0 ? describe : describe.skip).each(backends)('a store on $name among faults', (backend) => {
  let opened: OpenedDynamo;
  beforeEach(async () => {
    opened = await backend.open();
  });
  afterEach(() => opened.dispose());

  /** A store whose database answers otherwise where `faults` says so: each function is given what would have happened. */
  const faulty = (faults: Partial<Record<keyof Database, (send: () => Promise<any>) => Promise<any>>>): Store =>
    opened.open(
      (database) =>
        new Proxy(database, {
          get(target, name: keyof Database) {
            const send = (...args: unknown[]) => (target[name] as (...args: unknown[]) => Promise<unknown>)(...args);
            const fault = faults[name];
            return fault ? (...args: unknown[]) => fault(() => send.apply(target, args)) : send.bind(target);
          },
        }),
    );
  const once = (fault: (send: () => Promise<any>) => Promise<any>) => {
    let left = 1;
    return (send: () => Promise<any>) => (left-- > 0 ? fault(send) : send());
  };
  const happens = (send: () => Promise<any>) => send().then(lost);

  /** Time passes quickly until the promise is settled: nobody waits for deadlines here. */
  const hastened = async <T>(promise: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = promise.finally(() => {
      isDone = true;
    });
    while (!isDone) await opened.clock.advance(100);
    return done;
  };

  test('a commit that happened though its reply was lost is acknowledged, once', async () => {
    const item = await create(faulty({ commit: once(happens) }), 'pods/a/x');
    expect((await opened.store.list('pods/')).items.map(({ key, revision }) => [key, revision])).toEqual([
      ['pods/a/x', item.revision],
    ]);
  });

  test('a commit that did not happen is made again, with a new revision', async () => {
    const item = await create(faulty({ commit: once(lost) }), 'pods/a/x');
    expect(item.revision).toBe(2);
    expect(await opened.store.get('pods/a/x')).toMatchObject({ revision: 2 });
  });

  test('an outcome that nobody can find out is Unknown', async () => {
    const sent = Promise.withResolvers<void>();
    const commit = (send: () => Promise<unknown>) => happens(send).finally(sent.resolve);
    const outcome = refusal(create(faulty({ commit, readSlot: lost }), 'pods/a/x'));
    await sent.promise;
    expect(await hastened(outcome)).toBe('Unknown');
    expect(await keys(opened.store, 'pods/')).toEqual(['pods/a/x']);
  });

  test('a database that takes no more is Throttled in the end, and nothing has happened', async () => {
    for (const name of ['nextRevision', 'commit'] as const) {
      const store = faulty({ [name]: refused('Throttled') });
      expect(await hastened(refusal(create(store, 'pods/a/x')))).toBe('Throttled');
    }
    const blind = faulty({ readCounter: refused('Throttled') });
    expect(await hastened(refusal(blind.list('pods/')))).toBe('Throttled');
    expect(await keys(opened.store, 'pods/')).toEqual([]);
  });

  test('a transaction conflict is tried again', async () => {
    const conflict = async () => ({ committed: false, slotTaken: false, refused: [], conflict: true });
    const item = await create(faulty({ commit: once(conflict) }), 'pods/a/x');
    expect(await opened.store.get('pods/a/x')).toMatchObject({ revision: item.revision });
  });

  test('a writer who was given up starts again with a new revision', async () => {
    const first = await create(opened.store, 'pods/a/x');
    const slow = faulty({
      commit: once(async (send) => {
        // A reader meets the empty slot, waits a moment, and fills it.
        await opened.store.list('pods/');
        return send();
      }),
    });
    const second = await update(slow, first);
    expect(second.revision).toBe(first.revision + 2);
    expect(await opened.store.get('pods/a/x')).toMatchObject({ revision: second.revision });
  });

  test('a writer that died between revision and commit holds nobody up for long', async () => {
    const dead = faulty({ commit: () => new Promise(() => {}) });
    void dead.commit([{ op: 'create', key: 'pods/a/dead', value: value('dead') }]);
    const item = await create(opened.store, 'pods/a/x');
    expect(await keys(opened.store, 'pods/')).toEqual(['pods/a/x']);
    expect((await opened.store.changes(0)).changes.map(({ revision }) => revision)).toEqual([item.revision]);
  });
});
