import { settle } from '../../fakes/clock.ts';
import { type HeldApi, heldApi } from './harness.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };

let api: HeldApi;
beforeEach(async () => {
  api = await heldApi();
});
afterEach(() => api.proxy.close().catch(() => undefined));

const make = (name: string, labels = {}) => api.server.send('POST', maps, { metadata: { name, labels } });
const label = (name: string, labels: object) =>
  api.server.send('PATCH', `${maps}/${name}`, { metadata: { labels } }, MERGE);
const shown = ({ type, object }: any) => `${type} ${object.metadata.name}`;
const revisionOf = ({ body }: any): string => body.metadata.resourceVersion;
const watches = () => api.asked.filter(({ url }) => url.includes('watch='));

/** A watch of what there is, that ends with a bookmark. */
const catchUp = (path: string) =>
  new Request(`http://apiserver.test${path}?watch=1&allowWatchBookmarks=1`, {
    headers: { 'zeroplane-watch': 'catch-up' },
  });

describe('a held watch', () => {
  test('begins with what there is and goes on with what comes', async () => {
    await make('a');
    const held = await api.watch(`${maps}?watch=1`);
    expect(held.events.map(shown)).toEqual(['ADDED a']);
    await make('b');
    await label('a', { x: 'y' });
    await api.server.send('DELETE', `${maps}/a`);
    await api.go(1_000);
    expect(held.events.map(shown)).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED a']);
  });

  test('from a resourceVersion shows each later change once', async () => {
    const first = await make('a');
    await make('b');
    const held = await api.watch(`${maps}?watch=1&resourceVersion=${revisionOf(first)}`);
    await api.go(4_000);
    await make('c');
    await api.go(10_000);
    expect(held.events.map(shown)).toEqual(['ADDED b', 'ADDED c']);
  });

  test('keeps no request open and asks ever more slowly while nothing happens', async () => {
    await api.watch(`${maps}?watch=1`);
    expect(api.open).toBe(0);
    await api.go(60_000);
    expect(api.open).toBe(0);
    // 1 s, 1.5, 2.25, 3.4, then every 4 s.
    expect(watches().length).toBeLessThan(20);
    expect(watches().length).toBeGreaterThan(10);
  });

  test('an object appears and disappears as its labels begin and cease to match', async () => {
    await make('a');
    const held = await api.watch(`${maps}?watch=1&labelSelector=x%3Dy`);
    await label('a', { x: 'y' });
    await api.go(1_000);
    const left = await label('a', { x: null });
    await api.go(4_000);
    expect(held.events.map(shown)).toEqual(['ADDED a', 'DELETED a']);
    expect(held.events[1].object.metadata.resourceVersion).toBe(revisionOf(left));
  });

  test('initial events end with the bookmark that says so, for whoever asked', async () => {
    await make('a');
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const held = await api.watch(`${maps}?${query}`);
    expect(held.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(held.events[1].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  test('bookmarks come about once a minute to those who allow them, and to nobody else', async () => {
    const [with_, without] = [
      await api.watch(`${maps}?watch=1&allowWatchBookmarks=1`),
      await api.watch(`${maps}?watch=1`),
    ];
    await make('a');
    await api.go(2_000);
    await api.server.send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 'elsewhere' } });
    await api.go(70_000);
    expect(with_!.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(without!.events.map(({ type }) => type)).toEqual(['ADDED']);
    const [added, mark] = with_!.events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(mark).toBeGreaterThan(added!);
  });

  test('from a revision that is compacted away ends with 410 as an event', async () => {
    const first = await make('a');
    await make('b');
    await make('c');
    await api.server.store.compact(Number(revisionOf(first)) + 1);
    const held = await api.watch(`${maps}?watch=1&resourceVersion=${revisionOf(first)}`);
    expect(held.events.map(({ type, object }) => [type, object.code])).toEqual([['ERROR', 410]]);
    expect(held.ended).toBe(true);
  });

  test('that falls behind the log is ended with 410', async () => {
    await make('first');
    const held = await api.watch(`${maps}?watch=1`);
    await make('a');
    const last = await make('b');
    await make('c');
    await api.server.store.compact(Number(revisionOf(last)));
    await api.go(2_000);
    expect(held.events.map(({ type }) => type)).toEqual(['ADDED', 'ERROR']);
    expect(held.ended).toBe(true);
  });

  test('ends at its own timeout', async () => {
    const held = await api.watch(`${maps}?watch=1&timeoutSeconds=5`);
    await api.go(4_900);
    expect(held.ended).toBe(false);
    await api.go(200);
    expect(held.ended).toBe(true);
    const before = api.asked.length;
    await api.go(60_000);
    expect(api.asked.length).toBe(before);
  });

  test('is refused as the apiserver refuses it', async () => {
    api.instead = () => Response.json({ kind: 'Status', code: 403 }, { status: 403 });
    const held = await api.watch(`${maps}?watch=1`);
    expect(held.response.status).toBe(403);
    expect((held.events[0] as any).kind).toBe('Status');
  });

  test('lives through an apiserver that is away or overloaded, and loses nothing', async () => {
    const held = await api.watch(`${maps}?watch=1`);
    await make('a');
    api.instead = () => new Response('busy', { status: 429 });
    await api.go(5_000);
    api.instead = () => Promise.reject(new Error('no way there'));
    await api.go(20_000);
    await make('b');
    api.instead = undefined;
    await api.go(120_000);
    expect(held.ended).toBe(false);
    expect(held.events.map(shown)).toEqual(['ADDED a', 'ADDED b']);
  });

  test('ends when its credentials no longer hold: whoever asks again learns why', async () => {
    const held = await api.watch(`${maps}?watch=1`);
    api.instead = () => new Response('', { status: 401 });
    await api.go(2_000);
    expect(held.ended).toBe(true);
    expect(held.events).toEqual([]);
  });

  test('an answer that breaks off is asked for again from where it began', async () => {
    const held = await api.watch(`${maps}?watch=1`);
    await make('a');
    await make('b');
    let broken = true;
    api.instead = async (request) => {
      const response = await api.server.apiserver.fetch(request);
      const text = await response.text();
      if (!broken) return new Response(text, response);
      broken = false;
      return new Response(text.slice(0, text.length / 2), { headers: { 'content-type': 'application/json' } });
    };
    await api.go(10_000);
    expect(held.events.map(shown)).toEqual(['ADDED a', 'ADDED b']);
  });

  test('a Table keeps its rows, metadata and protobuf their forms', async () => {
    const table = await api.watch(`${maps}?watch=1`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const metadata = await api.watch(`${maps}?watch=1`, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
    const protobuf = await api.watch(`${maps}?watch=1`, { accept: 'application/vnd.kubernetes.protobuf;stream=watch' });
    await make('a');
    await api.go(2_000);
    await make('b');
    await api.go(4_000);
    expect(table.events.map(({ object }) => object.rows[0].cells[0])).toEqual(['a', 'b']);
    expect(metadata.events.map(({ object }) => [object.kind, object.metadata.name])).toEqual([
      ['PartialObjectMetadata', 'a'],
      ['PartialObjectMetadata', 'b'],
    ]);
    expect(protobuf.response.headers.get('content-type')).toBe('application/vnd.kubernetes.protobuf;stream=watch');
    const first = protobuf.bytes.readUInt32BE(0) + 4;
    expect(protobuf.bytes.readUInt32BE(first) + first + 4).toBe(protobuf.bytes.byteLength);
  });
});

describe('many held watches', () => {
  test('of the same credentials share what is asked, and each sees everything', async () => {
    const token = { authorization: 'Bearer one' };
    const first = await make('a');
    const held = [];
    for (let i = 0; i < 10; i++)
      held.push(
        await api.watch(`${maps}?watch=1&resourceVersion=${revisionOf(first)}&timeoutSeconds=${300 + i}`, token),
      );
    const before = watches().length;
    await make('b');
    await api.go(1_500);
    expect(watches().length - before).toBeLessThanOrEqual(2);
    for (const { events } of held) expect(events.map(shown)).toEqual(['ADDED b']);
  });

  test('of other credentials are asked for apart', async () => {
    for (const token of ['one', 'two']) await api.watch(`${maps}?watch=1`, { authorization: `Bearer ${token}` });
    await api.go(1_000);
    expect(
      new Set(
        watches()
          .slice(2)
          .map(({ authorization }) => authorization),
      ),
    ).toEqual(new Set(['Bearer one', 'Bearer two']));
  });

  test('one that has seen more than the others is not told twice', async () => {
    await api.watch(`${maps}?watch=1`);
    await make('a');
    const newest = await make('b');
    const late = await api.watch(`${maps}?watch=1&resourceVersion=${revisionOf(newest)}`);
    await make('c');
    await api.go(5_000);
    expect(late.events.map(shown)).toEqual(['ADDED c']);
  });

  test('one that has seen less catches up from what was kept', async () => {
    const first = await make('a');
    await api.watch(`${maps}?watch=1&resourceVersion=${revisionOf(first)}`);
    await make('b');
    await make('c');
    await api.go(2_000);
    const before = watches().length;
    const late = await api.watch(`${maps}?watch=1&resourceVersion=${revisionOf(first)}`);
    expect(late.events.map(shown)).toEqual(['ADDED b', 'ADDED c']);
    expect(watches().length).toBe(before);
  });
});

describe('waking', () => {
  beforeEach(async () => {
    await api.proxy.close().catch(() => undefined);
    api = await heldApi({ minMs: 300_000, maxMs: 300_000 });
  });

  test('forty informers ask nothing until something moves, then only those whose resource moved', async () => {
    for (let i = 0; i < 40; i++)
      await api.watch(`/api/v1/namespaces/ns-${i}/${i % 2 ? 'configmaps' : 'secrets'}?watch=1`);
    const before = api.asked.length;
    await api.go(60_000);
    expect(api.asked.length).toBe(before);
    expect(api.open).toBe(0);
    const made = await make('a');
    api.proxy.wake('configmaps', Number(revisionOf(made)));
    await api.go(10);
    expect(api.asked.length - before).toBe(20);
  });

  test('brings the change at once, and a notice of what is known already asks nothing', async () => {
    const held = await api.watch(`${maps}?watch=1`);
    const revision = Number(revisionOf(await make('a')));
    api.proxy.wake('configmaps', revision);
    await api.go(10);
    expect(held.events.map(shown)).toEqual(['ADDED a']);
    const before = api.asked.length;
    for (let i = 0; i < 5; i++) api.proxy.wake('configmaps', revision - i);
    await api.go(1_000);
    expect(api.asked.length).toBe(before);
  });

  test('an answer that is older than the notice is asked for again, but not for ever', async () => {
    const held = await api.watch(`${maps}?watch=1`);
    const asking = api.server.apiserver.fetch(catchUp(maps)).then((response) => response.text());
    await api.go();
    const old = await asking;
    const revision = Number(revisionOf(await make('a')));
    let stale = 2;
    api.instead = (request) =>
      stale-- > 0
        ? new Response(old, { headers: { 'content-type': 'application/json' } })
        : api.server.apiserver.fetch(request);
    api.proxy.wake('configmaps', revision);
    await api.go(10_000);
    expect(held.events.map(shown)).toEqual(['ADDED a']);
    const before = api.asked.length;
    // Of a cluster that was restored from a backup, say.
    api.proxy.wake('configmaps', revision + 1_000_000);
    await api.go(290_000);
    expect(api.asked.length - before).toBeLessThan(10);
  });

  test('a notice during a question is not lost', async () => {
    const held = await api.watch(`${maps}?watch=1`);
    let release: () => void = () => undefined;
    api.instead = async (request) => {
      const response = await api.server.apiserver.fetch(request);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return response;
    };
    api.proxy.wake('configmaps');
    await api.go(10);
    api.instead = undefined;
    await make('a');
    api.proxy.wake('configmaps');
    release();
    await settle();
    await api.go(10);
    expect(held.events.map(shown)).toEqual(['ADDED a']);
  });

  test('a write through the proxy wakes the watches of its resource', async () => {
    const held = await api.watch(`${maps}?watch=1`);
    const body = JSON.stringify({ metadata: { name: 'mine' } });
    const headers = { 'content-type': 'application/json' };
    await api.proxy.fetch(new Request(`http://proxy.test${maps}`, { method: 'POST', body, headers }));
    await api.go(10);
    expect(held.events.map(shown)).toEqual(['ADDED mine']);
  });
});
