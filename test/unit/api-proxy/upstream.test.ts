import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpUpstream } from '../../../lib/api-proxy/upstream.ts';
import { ask } from '../../../lib/api-proxy/watch/ask.ts';
import { patient } from '../../../lib/client/patient.ts';
import { chunksOf, lightRequest } from '../../../lib/runtime/light-response.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

const NEVER = new AbortController().signal;
let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serving(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (path: string) => lightRequest({ method: 'GET', url: `https://apiserver${path}` });

test('the server’s own path comes before each request’s', async () => {
  const origin = await serving((request, response) => void response.end(`${request.method} ${request.url}`));
  for (const server of [`${origin}/k8s`, `${origin}/k8s/`]) {
    const response = await httpUpstream({ server })(get('/api/v1/pods?limit=5'));
    expect(await response.text()).toBe('GET /k8s/api/v1/pods?limit=5');
  }
  expect(await (await httpUpstream({ server: origin })(get('/api'))).text()).toBe('GET /api');
});

test('bodies go whole, answers come as they come', async () => {
  let more: () => void = () => undefined;
  const origin = await serving(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    response.writeHead(201, { 'x-test': 'yes' }).write(`${request.headers['content-length']} ${text}`);
    more = () => response.end(' and more');
  });
  const content = Buffer.from('body');
  const response = await httpUpstream({ server: origin })(lightRequest({ method: 'POST', url: 'https://a/', content }));
  expect([response.status, response.headers.get('x-test')]).toEqual([201, 'yes']);
  const chunks = chunksOf(response);
  expect(Buffer.from((await chunks.next()).value!).toString()).toBe('4 body');
  more();
  expect(Buffer.from((await chunks.next()).value!).toString()).toBe(' and more');
});

test('a connection that the server has closed meanwhile is replaced', async () => {
  const origin = await serving((_, response) => void response.end('ok'));
  const upstream = httpUpstream({ server: origin });
  await (await upstream(get('/a'))).text();
  server.closeAllConnections();
  expect(await (await upstream(get('/b'))).text()).toBe('ok');
});

test('a server that is not there is unavailable', async () => {
  const origin = await serving(() => undefined);
  server.close();
  await expect(httpUpstream({ server: origin })(get('/api'))).rejects.toMatchObject({ code: 503 });
});

test('whoever asks may leave', async () => {
  const origin = await serving(() => undefined);
  const left = new AbortController();
  const asked = httpUpstream({ server: origin })(
    lightRequest({ method: 'GET', url: 'https://a/', signal: left.signal }),
  );
  left.abort();
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
});

describe('A connection is used again', () => {
  const ASKED = 10;
  let connections: number;
  async function counting(listener: RequestListener): Promise<string> {
    const origin = await serving(listener);
    connections = 0;
    server.on('connection', () => connections++);
    return origin;
  }

  test.each([
    ['204', 'POST', (response: ServerResponse) => response.writeHead(204).end()],
    ['304', 'GET', (response: ServerResponse) => response.writeHead(304).end()],
    ['HEAD', 'HEAD', (response: ServerResponse) => response.writeHead(200, { 'content-length': '5' }).end()],
    ['no bytes', 'POST', (response: ServerResponse) => response.writeHead(200, { 'content-length': '0' }).end()],
  ])('after an answer in which there is nothing to read (%s)', async (_, method, reply) => {
    const upstream = httpUpstream({ server: await counting((_, response) => void reply(response)) });
    for (let i = 0; i < ASKED; i++) await upstream(lightRequest({ method, url: 'https://a/' }));
    expect(connections).toBeLessThan(ASKED / 2);
  });

  test('after a refusal that nobody reads', async () => {
    const refuse: RequestListener = (_, response) => void response.writeHead(429).end('later'.repeat(10_000));
    const upstream = httpUpstream({ server: await counting(refuse) });
    const clock = fakeClock();
    const asked = patient(upstream, { clock, random: seededRandom(1) })(get('/api'));
    let answered = false;
    asked.then(() => (answered = true));
    while (!answered) {
      await new Promise(setImmediate);
      await clock.advance(2_000);
    }
    await (await asked).text();
    for (let i = 0; i < ASKED; i++)
      expect(await ask(upstream, { url: 'https://a/', headers: {} }, NEVER)).toBeDefined();
    expect(connections).toBeLessThan(ASKED / 2);
  });
});
