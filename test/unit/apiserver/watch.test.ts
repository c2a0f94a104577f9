import { decodeProtobuf } from '../../../lib/api/protobuf.ts';
import type { Store } from '../../../lib/storage/contract.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { settle } from '../../fakes/clock.ts';
import { realApiserver, type TestApiserver, type Watching } from '../../fakes/real-apiserver.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };

let server: TestApiserver;
let watching: Watching;
beforeEach(async () => {
  server = await realApiserver();
});
afterEach(() => watching?.stop());

const make = (name: string, labels = {}) => server.send('POST', maps, { metadata: { name, labels } });
const label = (name: string, labels: object) =>
  server.send('PATCH', `${maps}/${name}`, { metadata: { labels } }, MERGE);
const shown = ({ type, object }: any) => `${type} ${object.metadata.name}`;

async function take(count: number): Promise<string[]> {
  const events: string[] = [];
  while (events.length < count) events.push(shown(await watching.next()));
  return events;
}

describe('watch', () => {
  test('without a resourceVersion begins with what there is', async () => {
    await make('a');
    watching = server.watch(`${maps}?watch=1`);
    expect(await take(1)).toEqual(['ADDED a']);
    await make('b');
    await label('a', { x: 'y' });
    await server.send('DELETE', `${maps}/a`);
    expect(await take(3)).toEqual(['ADDED b', 'MODIFIED a', 'DELETED a']);
  });

  test('from a resourceVersion shows what came after it', async () => {
    const { body } = await make('a');
    await make('b');
    watching = server.watch(`${maps}?watch=1&resourceVersion=${body.metadata.resourceVersion}`);
    expect(await take(1)).toEqual(['ADDED b']);
  });

  test('an object appears and disappears as its labels begin and cease to match', async () => {
    await make('a');
    watching = server.watch(`${maps}?watch=1&labelSelector=x%3Dy`);
    await settle();
    await label('a', { x: 'y' });
    await label('a', { z: 'z' });
    const { body: left } = await label('a', { x: null });
    const events = [await watching.next(), await watching.next(), await watching.next()];
    expect(events.map(shown)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect(events[2].object.metadata.labels).toEqual({ x: 'y', z: 'z' });
    expect(events[2].object.metadata.resourceVersion).toBe(left.metadata.resourceVersion);
  });

  test('one object by name, also by the old path', async () => {
    await make('a');
    await make('b');
    for (const path of [
      `${maps}?watch=1&fieldSelector=metadata.name%3Db`,
      '/api/v1/watch/namespaces/default/configmaps/b',
    ]) {
      watching = server.watch(path);
      expect(await take(1)).toEqual(['ADDED b']);
      watching.stop();
    }
  });

  test('initial events end with a bookmark that says so', async () => {
    await make('a');
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    watching = server.watch(`${maps}?${query}`);
    expect(await take(1)).toEqual(['ADDED a']);
    const { type, object } = await watching.next();
    expect(type).toBe('BOOKMARK');
    expect(object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  test('an idle watch that allows bookmarks hears how far it is', async () => {
    await make('a');
    const { body } = await server.send('GET', maps);
    watching = server.watch(
      `${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=${body.metadata.resourceVersion}`,
    );
    const next = watching.next();
    await settle();
    await server.send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 'elsewhere' } });
    await server.clock.advance(60_000);
    const { type, object } = await next;
    expect(type).toBe('BOOKMARK');
    expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(Number(body.metadata.resourceVersion));
  });

  test('ends at its timeout', async () => {
    watching = server.watch(`${maps}?watch=1&timeoutSeconds=5`);
    const next = watching.next();
    await settle();
    await server.clock.advance(5_000);
    expect(await next).toBeUndefined();
  });

  test('from a revision that is compacted away ends with 410 as an event', async () => {
    const { body } = await make('a');
    await make('b');
    await make('c');
    await server.store.compact(Number(body.metadata.resourceVersion) + 1);
    watching = server.watch(`${maps}?watch=1&resourceVersion=${body.metadata.resourceVersion}`);
    const { type, object } = await watching.next();
    expect([type, object.code, object.reason]).toEqual(['ERROR', 410, 'Expired']);
  });

  test('a Table tells its columns once', async () => {
    await make('a');
    await make('b');
    watching = server.watch(`${maps}?watch=1`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const [first, second] = [await watching.next(), await watching.next()];
    expect(first.object.columnDefinitions.length).toBeGreaterThan(0);
    expect(second.object.columnDefinitions).toBeFalsy();
    expect(second.object.rows[0].cells[0]).toBe('b');
  });

  test('protobuf frames carry a length, a type and an envelope', async () => {
    await make('a');
    const response = await server.apiserver.fetch(
      new Request(`http://apiserver.test${maps}?watch=1&timeoutSeconds=1`, {
        headers: { accept: 'application/vnd.kubernetes.protobuf;stream=watch' },
      }),
    );
    expect(response.headers.get('content-type')).toBe('application/vnd.kubernetes.protobuf;stream=watch');
    const reader = response.body!.getReader();
    const frame = Buffer.from((await reader.read()).value!);
    await reader.cancel();
    expect(frame.readUInt32BE(0)).toBe(frame.byteLength - 4);
    const envelope = frame.subarray(frame.indexOf('k8s\0'));
    expect(decodeProtobuf(envelope).metadata?.name).toBe('a');
  });

  describe('that only catches up', () => {
    const catchUp = async (path: string, at = server): Promise<any[]> => {
      const request = new Request(`http://apiserver.test${path}`, { headers: { 'zeroplane-watch': 'catch-up' } });
      const asking = at.apiserver.fetch(request).then((response) => response.text());
      for (let i = 0; i < 5; i++) for (const { clock } of [at, server]) await clock.advance(0);
      return (await asking)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    };

    test('tells of everything there is and ends with a bookmark', async () => {
      const { body: first } = await make('a');
      await make('b');
      const { body: last } = await label('a', { x: 'y' });
      const query = `watch=1&allowWatchBookmarks=1&resourceVersion=${first.metadata.resourceVersion}`;
      const events = await catchUp(`${maps}?${query}`);
      expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'BOOKMARK']);
      expect(events[2].object.metadata.resourceVersion).toBe(last.metadata.resourceVersion);
    });

    test('in a namespace where nothing happened tells how far it is', async () => {
      const { body } = await make('a');
      const path = '/api/v1/namespaces/elsewhere/configmaps?watch=1&allowWatchBookmarks=1&resourceVersion=1';
      const [mark, ...more] = await catchUp(path);
      expect([mark.type, mark.object.metadata.resourceVersion]).toEqual(['BOOKMARK', body.metadata.resourceVersion]);
      expect(more).toEqual([]);
    });

    test('is told how far it is however long the store takes', async () => {
      const store = await openMemoryStore({ clock: server.clock });
      const slow: Store = {
        ...bound(store),
        async *watch(prefix, options) {
          await server.clock.advance(5_000);
          yield* store.watch(prefix, options);
        },
      };
      const patient = await realApiserver({ store: slow, clock: server.clock });
      const path = `${maps}?watch=1&allowWatchBookmarks=1&resourceVersion=1&timeoutSeconds=1`;
      expect((await catchUp(path, patient)).map(({ type }) => type)).toEqual(['BOOKMARK']);
    });

    test('asks a store that hears of others’ writes after a while', async () => {
      const store = await openMemoryStore({ clock: server.clock });
      let heard = 0;
      /** Knows what was written up to `heard`, until it is asked for the newest revision. */
      const late: Store = {
        ...bound(store),
        async revision(prefix) {
          heard = await store.revision(prefix);
          return heard;
        },
        async *watch(prefix, options) {
          for await (const { changes } of store.watch(prefix, options))
            yield { changes: changes.filter(({ revision }) => revision <= heard), revision: heard };
        },
      };
      const lagging = await realApiserver({ store: late });
      const { body: first } = await lagging.send('POST', maps, { metadata: { name: 'a' } });
      await lagging.send('POST', maps, { metadata: { name: 'b' } });
      const path = `${maps}?watch=1&allowWatchBookmarks=1&resourceVersion=${first.metadata.resourceVersion}`;
      expect((await catchUp(path, lagging)).map(shown)).toEqual(['ADDED b', 'BOOKMARK undefined']);
    });
  });
});

function bound(store: Store): Store {
  return {
    get: (key) => store.get(key),
    list: (prefix, options) => store.list(prefix, options),
    commit: (writes) => store.commit(writes),
    watch: (prefix, options) => store.watch(prefix, options),
    revision: (prefix) => store.revision(prefix),
    changes: (from) => store.changes(from),
    compact: (revision) => store.compact(revision),
    close: () => store.close(),
  };
}
