import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type RequestOptions, request, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { certificateStore } from '../../../agent/ingress/certificates.ts';
import { Gateway } from '../../../agent/ingress/gateway.ts';
import { buildTable } from '../../../agent/ingress/table.ts';
import type { Endpoint, Upstream } from '../../../agent/ingress/upstream.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { Ingress, Secret } from '../../../lib/api/types.ts';
import { issueAuthority, issueCertificate } from '../../../lib/pki/issue.ts';
import { ingress, rule } from '../../builders/ingress.ts';
import { stored } from '../../builders/objects.ts';

const NOW = Date.parse('2026-11-25T00:00:00Z');
const HOST = 'shop.example';

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
  trailers: IncomingMessage['trailers'];
}

describe('the ingress gateway', () => {
  let gateway: Gateway;
  let ports: { http: number; https: number };
  let authority: { certificate: string; key: string };
  const open: { close(): void }[] = [];
  const backends = new Map<string, Upstream>();

  beforeAll(async () => {
    authority = await issueAuthority('test', NOW);
    const { certificate, key } = await certificateFor('fallback.example');
    const loopbackPorts = { http: 8080, https: 8443 };
    gateway = new Gateway({ now: () => NOW, fallbackCertificate: { cert: certificate, key }, loopbackPorts });
    ports = await gateway.listen('127.0.0.1', { http: 0, https: 0 });
  });
  afterEach(() => backends.clear());
  afterAll(async () => {
    await gateway.close();
    for (const one of open) one.close();
  });

  function certificateFor(name: string) {
    return issueCertificate(authority, { commonName: name, names: [name], usages: ['server'] }, NOW);
  }

  function serve(ingresses: Stored<Ingress>[], secrets: Stored<Secret>[] = []): void {
    const table = buildTable(ingresses, (_, { service }, { protocol }) => {
      const upstream = backends.get(service?.name ?? '');
      return upstream && { ...upstream, protocol: protocol ?? upstream.protocol };
    });
    const find = (key: string) => secrets.find(({ metadata }) => `default/${metadata.name}` === key);
    gateway.state = { table, certificates: certificateStore(() => undefined)(ingresses, find) };
  }

  /** Everything at this host goes to these endpoints. */
  function serveAt(endpoints: Endpoint[], annotations: Record<string, string> = {}): void {
    backends.set('web', { name: 'web', protocol: 'http', endpoints, next: 0 });
    serve([ingress({ annotations, spec: { rules: [rule(HOST, '/ Prefix web')] } })]);
  }

  async function listen(server: Server): Promise<Endpoint> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push({ close: () => server.closeAllConnections?.() }, server);
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  /** Says what it was asked. */
  const echo = (name: string) =>
    listen(
      createServer(async (req, res) => {
        const body = Buffer.concat(await req.toArray()).toString();
        res.setHeader('x-backend', name);
        res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body }));
      }),
    );

  function ask(options: RequestOptions & { body?: string | string[] } = {}): Promise<Answer> {
    const { body = [], ...rest } = options;
    return new Promise((resolve, reject) => {
      const headers = { host: HOST, ...(rest.headers as object) };
      const req = request({ port: ports.http, host: '127.0.0.1', agent: false, ...rest, headers }, async (res) => {
        const text = Buffer.concat((await res.toArray().catch(reject)) ?? []).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text, trailers: res.trailers });
      });
      req.on('error', reject);
      if (typeof body === 'string') return req.end(body);
      for (const piece of body) req.write(piece);
      return req.end();
    });
  }

  test('passes a request on with where it came from, and nothing of what the client said of that', async () => {
    serveAt([await echo('a')]);
    const headers = {
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '203.0.113.9',
      'x-own': 'kept',
      connection: 'x-drop',
      'x-drop': '1',
    };
    const seen = JSON.parse((await ask({ path: '/cart?id=1', headers })).body);
    expect(seen).toMatchObject({ method: 'GET', url: '/cart?id=1' });
    expect(seen.headers).toMatchObject({
      host: HOST,
      'x-own': 'kept',
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': HOST,
      'x-forwarded-port': '80',
    });
    expect(seen.headers).not.toHaveProperty('x-drop');
  });

  test('passes bodies of both framings, as they come', async () => {
    serveAt([await echo('a')]);
    const long = 'x'.repeat(300_000);
    expect(
      JSON.parse((await ask({ method: 'POST', body: long, headers: { 'content-length': long.length } })).body).body,
    ).toBe(long);
    const chunked = JSON.parse((await ask({ method: 'PUT', body: ['one ', 'two'] })).body);
    expect(chunked).toMatchObject({ body: 'one two', headers: { 'transfer-encoding': 'chunked' } });
  });

  test('streams an answer before it is whole, and passes its trailers', async () => {
    const finish = Promise.withResolvers<void>();
    const endpoint = await listen(
      createServer(async (_, res) => {
        res.writeHead(200, { trailer: 'x-sum' });
        res.write('first');
        await finish.promise;
        res.addTrailers({ 'x-sum': '42' });
        res.end('last');
      }),
    );
    serveAt([endpoint]);
    const answer = await new Promise<IncomingMessage>((resolve) =>
      request({ port: ports.http, host: '127.0.0.1', headers: { host: HOST } }, resolve).end(),
    );
    expect(String((await once(answer, 'data'))[0])).toBe('first');
    finish.resolve();
    expect(Buffer.concat(await answer.toArray()).toString()).toBe('last');
    expect(answer.trailers).toEqual({ 'x-sum': '42' });
  });

  test('spreads over endpoints and keeps connections to them', async () => {
    let connections = 0;
    const server = createServer((_, res) => res.end('ok')).on('connection', () => connections++);
    serveAt([await listen(server), await echo('b')]);
    const seen = new Set<string>();
    for (let i = 0; i < 10; i++) seen.add(String((await ask()).headers['x-backend']));
    expect(seen).toEqual(new Set(['undefined', 'b']));
    expect(connections).toBe(1);
  });

  test('an endpoint that refuses connections costs no request, of whatever method', async () => {
    const gone = createTcpServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    serveAt([{ host: '127.0.0.1', port }, await echo('a')]);
    for (const method of ['GET', 'POST', 'GET', 'POST'])
      expect((await ask({ method, body: method === 'POST' ? 'x' : [] })).status).toBe(200);
  });

  test('a kept connection that the endpoint closed meanwhile costs no request', async () => {
    const server = createServer((_, res) => res.end('ok'));
    serveAt([await listen(server)]);
    expect((await ask()).status).toBe(200);
    server.closeAllConnections();
    expect((await ask()).status).toBe(200);
  });

  test('says 404 where nothing is, 503 where no endpoint is, 502 where it is broken, 413 for too much', async () => {
    serveAt([]);
    expect((await ask({ headers: { host: 'other.example' } })).status).toBe(404);
    expect((await ask()).status).toBe(503);
    serveAt(
      [await listen(createTcpServer((socket) => socket.end('nonsense\r\n\r\n')) as unknown as Server)].slice(0, 1),
    );
    expect((await ask()).status).toBe(502);
    serveAt([await echo('a')], { 'nginx.ingress.kubernetes.io/proxy-body-size': '1k' });
    expect((await ask({ method: 'POST', body: 'x'.repeat(2_000) })).status).toBe(413);
  });

  test('a client that leaves ends its request upstream', async () => {
    const left = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    serveAt([
      await listen(
        createServer((req) => {
          arrived.resolve();
          req.on('close', () => left.resolve());
        }),
      ),
    ]);
    const req = request({ port: ports.http, host: '127.0.0.1', headers: { host: HOST } }).on('error', () => undefined);
    req.end();
    await arrived.promise;
    req.destroy();
    await left.promise;
  });

  test('rewrites paths, and redirects where it is told to', async () => {
    const endpoint = await echo('a');
    backends.set('web', { name: 'web', protocol: 'http', endpoints: [endpoint], next: 0 });
    const rewriting = { 'nginx.ingress.kubernetes.io/rewrite-target': '/$2' };
    const spec = { rules: [rule(HOST, '/api(/|$)(.*) ImplementationSpecific web')] };
    serve([ingress({ annotations: rewriting, spec })]);
    expect(JSON.parse((await ask({ path: '/api/v1?x=1' })).body).url).toBe('/v1?x=1');
    serveAt([endpoint], { 'ingress.zeroplane.dev/permanent-redirect': 'https://elsewhere.example' });
    const answer = await ask();
    expect([answer.status, answer.headers.location]).toEqual([301, 'https://elsewhere.example']);
  });

  test('a host with TLS sends plain requests over to it, on the same way in', async () => {
    const endpoint = await echo('a');
    backends.set('web', { name: 'web', protocol: 'http', endpoints: [endpoint], next: 0 });
    const spec = { rules: [rule(HOST, '/ Prefix web')], tls: [{ hosts: [HOST], secretName: 'none' }] };
    serve([ingress({ spec })]);
    const answer = await ask({ path: '/x' });
    expect([answer.status, answer.headers.location]).toEqual([308, `https://${HOST}/x`]);
    expect((await ask({ headers: { host: `${HOST}:8080` } })).headers.location).toBe(`https://${HOST}:8443/`);
    serve([ingress({ annotations: { 'nginx.ingress.kubernetes.io/ssl-redirect': 'false' }, spec })]);
    expect((await ask()).status).toBe(200);
  });

  test('shows the certificate of the host that is asked for, a renewed one from then on, and its own where there is none', async () => {
    const spec = {
      rules: [rule(HOST, '/ Prefix web')],
      tls: [{ hosts: [HOST, '*.wild.example'], secretName: 'shop' }],
    };
    const shown = async (servername: string) => {
      const socket = connectTls({ port: ports.https, host: '127.0.0.1', servername, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const certificate = socket.getPeerCertificate() as PeerCertificate;
      socket.destroy();
      return certificate.subject.CN;
    };
    const secret = async (name: string, resourceVersion: string) => {
      const { certificate, key } = await certificateFor(name);
      const base64 = (text: string) => Buffer.from(text).toString('base64');
      const metadata = stored('shop', 'default', undefined, { resourceVersion });
      return { metadata, data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) } } as Stored<Secret>;
    };
    serve([ingress({ spec })], [await secret('one', '1')]);
    expect(await shown(HOST)).toBe('one');
    expect(await shown('a.wild.example')).toBe('one');
    expect(await shown('unknown.example')).toBe('fallback.example');
    serve([ingress({ spec })], [await secret('two', '2')]);
    expect(await shown(HOST)).toBe('two');
  });

  test('speaks HTTP/2 over TLS with clients, with cookies whole again for the endpoint', async () => {
    serveAt([await echo('a')]);
    const session = connectHttp2(`https://127.0.0.1:${ports.https}`, { servername: HOST, rejectUnauthorized: false });
    const stream = session.request({ ':path': '/two', ':authority': HOST, cookie: ['a=1', 'b=2'] });
    const seen = JSON.parse(Buffer.concat(await stream.toArray()).toString());
    expect(seen).toMatchObject({
      url: '/two',
      headers: { cookie: 'a=1; b=2', 'x-forwarded-proto': 'https', host: HOST },
    });
    session.close();
  });

  test('passes gRPC: HTTP/2 to the endpoint, bodies both ways, status in trailers', async () => {
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'x-te': String(headers.te) },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '5' }));
      stream.pipe(stream);
    });
    const endpoint = await listen(server as unknown as Server).catch((error) => error);
    serveAt([endpoint], { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' });
    const session = connectHttp2(`https://127.0.0.1:${ports.https}`, { servername: HOST, rejectUnauthorized: false });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/pkg.Service/Call',
      ':authority': HOST,
      te: 'trailers',
    });
    const [head, trailers] = [once(stream, 'response'), once(stream, 'trailers')];
    stream.write('ping');
    expect(String((await once(stream, 'data'))[0])).toBe('ping');
    stream.end('pong');
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('pong');
    expect((await head)[0]).toMatchObject({ 'content-type': 'application/grpc', 'x-te': 'trailers' });
    expect((await trailers)[0]).toMatchObject({ 'grpc-status': '5' });
    session.close();
  });

  test('passes WebSockets', async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket, req) => socket.on('message', (text) => socket.send(`${req.url} ${text}`)));
    serveAt([await listen(server)]);
    const client = new WebSocket(`ws://127.0.0.1:${ports.http}/chat`, { headers: { host: HOST } });
    await once(client, 'open');
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('/chat hello');
    client.terminate();
    sockets.close();
  });

  test('an endpoint that declines an upgrade gets nothing more of the client', async () => {
    const seen: string[] = [];
    const server = createServer((req, res) => {
      seen.push(req.url ?? '');
      res.end('no');
    });
    serveAt([await listen(server)]);
    const client = connect(ports.http, '127.0.0.1');
    const head = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n`;
    client.write(`${head('/first')}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n${head('/smuggled')}\r\n`);
    const text = Buffer.concat(await client.toArray()).toString();
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*Connection: close/);
    expect(seen).toEqual(['/first']);
  });

  test('what is served changes under load without a failed request', async () => {
    const [a, b] = [await echo('a'), await echo('b')];
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    serveAt([a]);
    const results: number[] = [];
    const client = async () => {
      for (let i = 0; i < 40; i++)
        results.push((await ask({ agent, ...(i % 2 ? { method: 'POST', body: 'x' } : {}) })).status);
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    for (let i = 0; i < 20; i++) {
      serveAt(i % 2 ? [a] : [b, a]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await clients;
    agent.destroy();
    expect(new Set(results)).toEqual(new Set([200]));
    expect(results).toHaveLength(320);
  });
});
