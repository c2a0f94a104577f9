import type { Transport } from '../../../lib/client/client.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { configMaps, deployments, metadataOf, pods } from '../../../lib/client/resource-type.ts';
import { fakeApiserver } from '../../fakes/apiserver.ts';

const client = () => createClient(fakeApiserver().fetch, { userAgent: 'test' });

/** Answers everything with `body`, and remembers what was asked. */
function recording(body: unknown, status = 200) {
  const asked: { method: string; url: string; headers: Headers; body: string }[] = [];
  const transport: Transport = async (request) => {
    asked.push({ method: request.method, url: request.url, headers: request.headers, body: await request.text() });
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
  return { asked, client: createClient(transport, { userAgent: 'test' }) };
}

describe('client', () => {
  test('an object that was created is read back, with its type filled in', async () => {
    const api = client();
    await api.create(configMaps, { metadata: { namespace: 'a', name: 'x' }, data: { k: 'v' } });
    const got = await api.get(configMaps, { namespace: 'a', name: 'x' });
    expect(got.data).toEqual({ k: 'v' });
    expect(got.kind).toBe('ConfigMap');
  });

  test('a refusal is thrown as the Status that the server gave', async () => {
    await expect(client().get(pods, { namespace: 'a', name: 'x' })).rejects.toMatchObject({
      code: 404,
      reason: 'NotFound',
      message: 'pods "x" not found',
    });
  });

  test('an answer that is no Status still becomes a StatusError', async () => {
    const { client: api } = recording('<html>bad gateway</html>', 502);
    await expect(api.getPath('/api')).rejects.toMatchObject({ code: 502, message: '<html>bad gateway</html>' });
  });

  test.each([
    ['merge', 'application/merge-patch+json'],
    ['strategic', 'application/strategic-merge-patch+json'],
    ['apply', 'application/apply-patch+yaml'],
  ] as const)('a %s patch says its content type', async (type, contentType) => {
    const { client: api, asked } = recording({});
    await api.patch(deployments, { namespace: 'a', name: 'x' }, { type, body: {} }, { subresource: 'status' });
    expect(asked[0]!.headers.get('content-type')).toBe(contentType);
    expect(new URL(asked[0]!.url).pathname).toBe('/apis/apps/v1/namespaces/a/deployments/x/status');
  });

  test('a delete carries its preconditions and policy', async () => {
    const { client: api, asked } = recording({});
    await api.delete(pods, { namespace: 'a', name: 'x' }, { uid: 'u', propagationPolicy: 'Orphan' });
    expect(JSON.parse(asked[0]!.body)).toMatchObject({ propagationPolicy: 'Orphan', preconditions: { uid: 'u' } });
  });

  test('a metadata-only type asks for PartialObjectMetadata', async () => {
    const { client: api, asked } = recording({ metadata: {}, items: [] });
    await api.list(metadataOf(pods), { labelSelector: 'a=b', limit: 5 });
    expect(asked[0]!.headers.get('accept')).toContain('as=PartialObjectMetadataList');
    expect(new URL(asked[0]!.url).search).toBe('?labelSelector=a%3Db&limit=5');
  });
});

describe('watch', () => {
  const streamed = (...chunks: string[]) => {
    const transport: Transport = async () =>
      new Response(ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk))) as ReadableStream);
    return createClient(transport, { userAgent: 'test' });
  };
  const signal = new AbortController().signal;

  test('events come out whole however the stream is cut', async () => {
    const text =
      '{"type":"ADDED","object":{"metadata":{"name":"ä"}}}\n{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n';
    const bytes = [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
    const transport: Transport = async () => new Response(ReadableStream.from(bytes) as ReadableStream);
    const events = [];
    for await (const event of createClient(transport, { userAgent: 't' }).watch(pods, { signal })) events.push(event);
    expect(events).toEqual([
      { type: 'ADDED', object: { metadata: { name: 'ä' } } },
      { type: 'BOOKMARK', resourceVersion: '7' },
    ]);
  });

  test('an ERROR event is thrown as its Status', async () => {
    const api = streamed('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}}\n');
    const read = async () => {
      for await (const _ of api.watch(pods, { signal }));
    };
    await expect(read()).rejects.toMatchObject({ reason: 'Expired' });
  });

  test('an aborted watch ends without an error', async () => {
    const abort = new AbortController();
    const events = client().watch(pods, { signal: abort.signal, resourceVersion: '1' });
    setImmediate(() => abort.abort());
    const seen = [];
    for await (const event of events) seen.push(event);
    expect(seen).toEqual([]);
  });
});
