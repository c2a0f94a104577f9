import type { AuthorizationAttributes } from '../../../functions/apiserver/contract.ts';
import type { BackendRequest } from '../../../functions/apiserver/dependencies.ts';
import { bytesOf } from '../../../lib/runtime/light-response.ts';
import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const ID = '0a1b2c3d-0000-4000-8000-000000000000';
const pod = '/api/v1/namespaces/default/pods/web';

let server: TestApiserver;
let sent: (BackendRequest & { text: string })[];
let asked: AuthorizationAttributes[];
let allowed: (attributes: AuthorizationAttributes) => boolean;
let answer: () => Response;

beforeEach(async () => {
  sent = [];
  asked = [];
  allowed = () => true;
  answer = () => Response.json({ node: 'n1', id: ID }, { status: 201 });
  server = await realApiserver({
    authorize: (attributes) => {
      asked.push(attributes);
      return { allowed: allowed(attributes) };
    },
    backend: {
      async send(message) {
        const text = message.body ? Buffer.from(await bytesOf(new Response(message.body))).toString() : '';
        sent.push({ ...message, text });
        return answer();
      },
    },
  });
  const addresses = [{ type: 'InternalIP', address: '10.0.0.1' }];
  await server.send('POST', '/api/v1/nodes', { metadata: { name: 'n1' } });
  await server.send(
    'PATCH',
    '/api/v1/nodes/n1/status',
    { status: { addresses } },
    { 'content-type': 'application/merge-patch+json' },
  );
  const spec = { nodeName: 'n1', containers: [{ name: 'main', image: 'x' }] };
  await server.send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'web' }, spec });
  asked = [];
});

const open = (path: string, body?: object) => server.send('POST', path, body, { 'zeroplane-session': 'open' });
const say = (verb: string, method = 'POST', action = 'exec', headers = {}) =>
  server.send(method, `${pod}/${action}`, method === 'POST' ? 'bytes' : undefined, {
    'zeroplane-session': verb,
    'zeroplane-session-id': `n1/${ID}`,
    ...headers,
  });

describe('A session', () => {
  test('is opened at the pod’s agent, for whoever asked', async () => {
    const upgrade = { method: 'GET', headers: { upgrade: 'websocket' } };
    const { status, body } = await open(`${pod}/exec?command=sh&stdin=true&tty=true`, upgrade);
    expect([status, body]).toEqual([201, { node: 'n1', id: ID }]);
    const [{ url, method, as, headers, text }] = sent as [(typeof sent)[0]];
    expect([method, as]).toEqual(['POST', 'kubelet-client']);
    expect(url.toString()).toBe('https://10.0.0.1:10250/session/open/exec/default/web/main?input=1&tty=1&command=sh');
    expect(JSON.parse(text)).toEqual(upgrade);
    expect(headers['zeroplane-subject']).toBe('exec/default/web');
    expect(JSON.parse(Buffer.from(headers['zeroplane-owner']!, 'base64url').toString())).toEqual(['admin', '']);
    expect(headers['authorization']).toBeUndefined();
  });

  test('passes messages on with their offsets', async () => {
    answer = () => new Response(null, { status: 204 });
    const { status } = await say('send', 'POST', 'exec', { 'zeroplane-offset': '7', 'zeroplane-end': 'true' });
    expect(status).toBe(204);
    expect(sent[0]!.url.toString()).toBe(`https://10.0.0.1:10250/session/send/${ID}`);
    expect(sent[0]!.text).toBe('bytes');
    expect(sent[0]!.headers).toMatchObject({ 'zeroplane-offset': '7', 'zeroplane-end': 'true' });
  });

  test('brings what the agent says', async () => {
    answer = () => new Response('output', { headers: { 'zeroplane-end': 'true' } });
    const { status, body, headers } = await say('receive', 'POST', 'exec', { 'zeroplane-wait-seconds': '20' });
    expect([status, body, headers.get('zeroplane-end')]).toEqual([200, 'output', 'true']);
  });

  test.each(['exec', 'attach', 'portforward'])(
    'of %s takes the right to create it, with every message',
    async (action) => {
      allowed = ({ verb }) => verb !== 'create';
      for (const method of ['POST', 'GET'])
        for (const verb of ['send', 'receive', 'close']) expect((await say(verb, method, action)).status).toBe(403);
      expect((await open(`${pod}/${action}?ports=80`, {})).status).toBe(403);
      expect(sent).toEqual([]);
      expect(new Set(asked.map(({ subresource }) => subresource))).toEqual(new Set([action]));
    },
  );

  test('of a log takes the right to read it', async () => {
    allowed = ({ verb, subresource }) => verb === 'get' && subresource === 'log';
    const { status } = await server.send('GET', `${pod}/log?follow=true&container=main`, undefined, {
      'zeroplane-session': 'open',
    });
    expect(status).toBe(201);
    expect(sent[0]!.url.pathname).toBe('/session/open/containerLogs/default/web/main');
    expect((await say('receive', 'POST', 'log')).status).toBe(403);
  });

  test('of a log that is not there is refused as the log is', async () => {
    answer = () => new Response('container "main" in pod "web" is waiting to start', { status: 400 });
    const { status, body } = await server.send('GET', `${pod}/log?follow=true`, undefined, {
      'zeroplane-session': 'open',
    });
    expect([status, body.message]).toEqual([400, 'container "main" in pod "web" is waiting to start']);
  });

  test.each([
    [404, 'NotFound'],
    [409, 'Conflict'],
    [410, 'Gone'],
    [429, 'TooManyRequests'],
  ])('that the agent refuses with %s is a Status', async (code, reason) => {
    answer = () => new Response('no such session', { status: code });
    const { status, body } = await say('receive');
    expect([status, body.reason]).toEqual([code, reason]);
  });

  test.each(['', 'n1', `n1/${ID}x`, `../${ID}`, `n1/../${ID}`, `-/${ID}`])('whose id is %p is refused', async (id) => {
    const { status } = await say('receive', 'POST', 'exec', { 'zeroplane-session-id': id });
    expect(status).toBe(400);
    expect(sent).toEqual([]);
  });

  test('of a node that is not there is not found, another verb is refused', async () => {
    expect((await say('receive', 'POST', 'exec', { 'zeroplane-session-id': `n2/${ID}` })).status).toBe(404);
    expect((await say('steal')).status).toBe(400);
  });

  test('without the header an upgrade is asked for as ever', async () => {
    const { status, body } = await server.send('POST', `${pod}/exec?command=sh`);
    expect([status, body.message]).toEqual([400, 'Upgrade request required']);
  });
});
