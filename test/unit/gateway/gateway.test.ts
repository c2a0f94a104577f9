import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { bufferedResult } from '../../../functions/apiserver/gateway/buffered.ts';
import { gatewayRequest } from '../../../functions/apiserver/gateway/request.ts';
import { type StreamHead, streamResult } from '../../../functions/apiserver/gateway/streamed.ts';
import { lightResponse } from '../../../lib/runtime/light-response.ts';
import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const MAX_WATCH_SECONDS = 10;

interface Asked {
  method?: string;
  path: string;
  query?: Record<string, string[]>;
  headers?: Record<string, string[]>;
  body?: string;
  base64?: boolean;
}

function gatewayEvent({
  method = 'GET',
  path,
  query,
  headers = {},
  body,
  base64 = false,
}: Asked): APIGatewayProxyEvent {
  return {
    httpMethod: method,
    path,
    multiValueQueryStringParameters: query ?? null,
    multiValueHeaders: { Host: ['api.test'], ...headers },
    body: body ?? null,
    isBase64Encoded: base64,
    requestContext: { requestId: 'request-1', identity: { sourceIp: '192.0.2.7' } },
  } as unknown as APIGatewayProxyEvent;
}

let server: TestApiserver;
beforeEach(async () => {
  server = await realApiserver();
  await server.send('POST', '/api/v1/namespaces', { metadata: { name: 'n' } });
});

async function ask(asked: Asked): Promise<APIGatewayProxyResult> {
  const left = new AbortController();
  const request = gatewayRequest(gatewayEvent(asked), MAX_WATCH_SECONDS, left.signal);
  const response = await server.apiserver.fetch(request.request, request.connection);
  return bufferedResult(response, request, { clock: server.clock, end: () => left.abort() });
}

const configMap = (name: string, text = 'v') =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { k: text } });
const maps = '/api/v1/namespaces/n/configmaps';

describe('a request as API Gateway tells it', () => {
  const read = (asked: Asked) => gatewayRequest(gatewayEvent(asked), MAX_WATCH_SECONDS, new AbortController().signal);

  test('keeps every value of a query and of a header', () => {
    const { request } = read({
      path: '/api',
      query: { a: ['1', '2 ü'] },
      headers: { 'Impersonate-Group': ['x', 'y'] },
    });
    expect(new URL(request.url).searchParams.getAll('a')).toEqual(['1', '2 ü']);
    expect([...(request.headers as any).entries()]).toEqual(
      expect.arrayContaining([
        ['impersonate-group', 'x'],
        ['impersonate-group', 'y'],
      ]),
    );
  });

  test('is somebody’s at an address, never somebody’s who need not show who he is', () => {
    const { connection, auditId } = read({ path: '/api' });
    expect(connection).toEqual({ remoteAddress: '192.0.2.7' });
    expect(auditId).toBe('request-1');
  });

  test('a path that came decoded is a path of a URL again', () => {
    expect(read({ path: '/apis/x/system:node/a b?' }).request.url).toBe('https://api.test/apis/x/system:node/a%20b%3F');
    expect(read({ path: '/a%2Fb' }).request.url).toBe('https://api.test/a%2Fb');
  });

  test('bytes are bytes', async () => {
    const bytes = Buffer.from([0, 255, 254]);
    const { request } = read({ method: 'POST', path: '/api', body: bytes.toString('base64'), base64: true });
    expect(Buffer.from(await request.arrayBuffer())).toEqual(bytes);
  });

  test.each([
    [undefined, '10'],
    ['5', '5'],
    ['3600', '10'],
    ['soon', 'soon'],
  ])('a watch with timeoutSeconds %s asks for %s', (given, asked) => {
    const query = { watch: ['true'], ...(given && { timeoutSeconds: [given] }) };
    const { request, follows } = read({ path: maps, query });
    expect(new URL(request.url).searchParams.get('timeoutSeconds')).toBe(asked);
    expect(follows).toBe(true);
  });
});

describe('an answer at once', () => {
  test('is text where it is text, with its headers and the audit id', async () => {
    const made = await ask({ method: 'POST', path: maps, body: configMap('a'), headers: JSON_BODY });
    expect(made).toMatchObject({ statusCode: 201, isBase64Encoded: false });
    expect(made.multiValueHeaders).toMatchObject({ 'content-type': ['application/json'], 'audit-id': ['request-1'] });
    expect(JSON.parse(made.body).metadata.name).toBe('a');
  });

  test('is base64 where it is bytes', async () => {
    const list = await ask({
      path: '/api/v1/namespaces',
      headers: { Accept: ['application/vnd.kubernetes.protobuf'] },
    });
    const bytes = Buffer.from(list.body, list.isBase64Encoded ? 'base64' : 'utf8');
    expect(bytes.subarray(0, 4).toString()).toBe('k8s\0');
  });

  test('is compressed for who takes it and names what he takes', async () => {
    await ask({ method: 'POST', path: maps, body: configMap('large', 'x'.repeat(100_000)), headers: JSON_BODY });
    const accepting = { Accept: ['application/json'], 'Accept-Encoding': ['gzip'] };
    const compressed = await ask({ path: `${maps}/large`, headers: accepting });
    expect(compressed.multiValueHeaders!['content-encoding']).toEqual(['gzip']);
    expect(compressed.body.length).toBeLessThan(5_000);
    const plain = JSON.parse(gunzipSync(Buffer.from(compressed.body, 'base64')).toString());
    expect(plain.metadata.name).toBe('large');
    const any = await ask({ path: `${maps}/large`, headers: { Accept: ['*/*'], 'Accept-Encoding': ['gzip'] } });
    expect(any.isBase64Encoded).toBe(false);
  });

  test('that a function may not give is refused, with a way out', async () => {
    const asked = gatewayRequest(gatewayEvent({ path: maps }), 10, new AbortController().signal);
    const huge = lightResponse(200, {}, Buffer.alloc(5 << 20, 'x'));
    const { statusCode, body } = await bufferedResult(huge, asked, { clock: server.clock, end: () => undefined });
    expect(statusCode).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ kind: 'Status', reason: 'RequestEntityTooLarge' });
    expect(JSON.parse(body).message).toMatch(/limit=500/);
  });
});

describe('a watch that is answered at once', () => {
  const watch = (query: Record<string, string[]> = {}) => ask({ path: maps, query: { watch: ['true'], ...query } });
  const events = ({ body }: APIGatewayProxyResult) =>
    body
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  test('tells what there is and ends when it is quiet', async () => {
    await ask({ method: 'POST', path: maps, body: configMap('a'), headers: JSON_BODY });
    const answered = watch();
    await server.clock.advance(0);
    await server.clock.advance(250);
    expect(events(await answered).map(({ type }) => type)).toEqual(['ADDED']);
  });

  test('waits for the first event, and takes those that come at once after it', async () => {
    const { body } = await ask({ path: maps });
    const answered = watch({ resourceVersion: [JSON.parse(body).metadata.resourceVersion] });
    await server.clock.advance(3_000);
    for (const name of ['a', 'b']) {
      await server.send('POST', maps, JSON.parse(configMap(name)));
      await server.clock.advance(100);
    }
    await server.clock.advance(250);
    expect(events(await answered).map(({ object }) => object.metadata.name)).toEqual(['a', 'b']);
  });

  test('ends empty and clean when nothing comes', async () => {
    const { body } = await ask({ path: maps });
    const answered = watch({ resourceVersion: [JSON.parse(body).metadata.resourceVersion] });
    await server.clock.advance(0);
    await server.clock.advance(MAX_WATCH_SECONDS * 1000 + 1);
    expect(await answered).toMatchObject({ statusCode: 200, body: '' });
  });

  test('tells how far it came when it is asked to', async () => {
    const { body } = await ask({ path: maps });
    const answered = watch({
      resourceVersion: [JSON.parse(body).metadata.resourceVersion],
      allowWatchBookmarks: ['true'],
    });
    await server.clock.advance(1_000);
    await server.send('POST', '/api/v1/namespaces', { metadata: { name: 'elsewhere' } });
    await server.clock.advance(MAX_WATCH_SECONDS * 1000);
    expect(events(await answered).map(({ type }) => type)).toEqual(['BOOKMARK']);
  });

  test('leaves nothing behind', async () => {
    // The store has timers of its own.
    const before = server.clock.pending;
    const answered = watch();
    await server.clock.advance(0);
    await server.clock.advance(MAX_WATCH_SECONDS * 1000 + 1);
    await answered;
    expect(server.clock.pending).toBe(before);
  });
});

describe('a streamed answer', () => {
  async function stream(asked: Asked, left = new AbortController()) {
    const chunks: Buffer[] = [];
    const heads: StreamHead[] = [];
    const out = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    const request = gatewayRequest(gatewayEvent(asked), 840, left.signal);
    const response = await server.apiserver.fetch(request.request, request.connection);
    const open = (head: StreamHead) => {
      heads.push(head);
      return out;
    };
    const ended = streamResult(response, request, { clock: server.clock, open, end: () => left.abort() });
    return { text: () => Buffer.concat(chunks).toString(), heads, chunks, out, ended };
  }

  test('begins before there is anything to tell, goes on, and keeps the line', async () => {
    const watching = await stream({ path: maps, query: { watch: ['1'] } });
    await server.clock.advance(0);
    expect(watching.heads).toMatchObject([{ statusCode: 200, multiValueHeaders: { 'audit-id': ['request-1'] } }]);
    expect(watching.chunks).toHaveLength(1);
    await server.clock.advance(61_000);
    expect(watching.text()).toBe('\n');
    await server.send('POST', maps, JSON.parse(configMap('a')));
    await server.clock.advance(0);
    expect(JSON.parse(watching.text()).type).toBe('ADDED');
    watching.out.destroy();
    await server.clock.advance(0);
    await watching.ended;
  });

  test('ends below the time that a function may run', async () => {
    const watching = await stream({ path: maps, query: { watch: ['1'] } });
    await server.clock.advance(841_000);
    await watching.ended;
    expect(watching.out.writableEnded).toBe(true);
  });

  test('a short one is whole', async () => {
    const got = await stream({ path: '/api/v1/namespaces/n' });
    await got.ended;
    expect(JSON.parse(got.text()).metadata.name).toBe('n');
  });
});

const JSON_BODY = { 'Content-Type': ['application/json'] };
