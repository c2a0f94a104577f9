import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { buffered, streamed } from '../../../functions/vpc/answer.ts';
import { type Asked, type Invoke, vpcBackend } from '../../../functions/vpc/backend.ts';
import { sender } from '../../../functions/vpc/send.ts';
import { targetsWithin } from '../../../functions/vpc/targets.ts';
import { issueAuthority, issueCertificate } from '../../../lib/pki/issue.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const anywhere = sender(() => undefined);
const ways: [string, Invoke][] = [
  ['at once', { buffered: async (payload) => JSON.stringify(await buffered(anywhere, JSON.parse(payload))) }],
  ['as a stream', { buffered: () => Promise.reject(new Error('not asked')), streamed: throughStream }],
];

const CUT_BYTES = 1_000;

/** Its beginning cut into small chunks, so that head and body meet in one and the head is cut too. */
async function* throughStream(payload: string): AsyncGenerator<Uint8Array> {
  const out = new PassThrough();
  void streamed(anywhere, JSON.parse(payload), out).catch((error) => out.destroy(error));
  for await (const chunk of out) {
    for (let at = 0; at < Math.min(chunk.length, CUT_BYTES); at += 7)
      yield chunk.subarray(at, Math.min(at + 7, CUT_BYTES));
    if (chunk.length > CUT_BYTES) yield chunk.subarray(CUT_BYTES);
  }
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const echo: RequestListener = async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  response.writeHead(request.url === '/absent' ? 404 : 200, { 'x-two': ['a', 'b'], 'content-type': 'text/plain' });
  response.end(`${request.method} ${request.url} ${request.headers['x-test'] ?? ''} ${text}`);
};

let credentials: { cert: string; key: string; ca: string };
let serving: { cert: string; key: string; ca: string };
beforeAll(async () => {
  const authority = await issueAuthority('test', Date.now());
  const ca = authority.certificate;
  const client = await issueCertificate(
    authority,
    { commonName: 'kube-apiserver-kubelet-client', usages: ['client'] },
    Date.now(),
  );
  const node = await issueCertificate(
    authority,
    { commonName: 'node', names: ['127.0.0.1'], usages: ['server'] },
    Date.now(),
  );
  credentials = { cert: client.certificate, key: client.key, ca };
  serving = { cert: node.certificate, key: node.key, ca };
});

const asked = (url: string, more: Partial<Asked> = {}): Asked => ({
  url: new URL(url),
  method: 'GET',
  headers: {},
  as: 'none',
  signal: new AbortController().signal,
  ...more,
});

describe.each(ways)('A node or pod asked through the VPC’s function, answering %s', (_, invoke) => {
  test('answers with status, headers and body', async () => {
    const port = await listening(createPlain(echo));
    const { send } = vpcBackend(invoke, credentials);
    const body = new Response('to the pod').body!;
    const response = await send(
      asked(`http://127.0.0.1:${port}/a?b=c`, { method: 'POST', headers: { 'x-test': 'yes' }, body }),
    );
    expect([response.status, response.headers.get('x-two')]).toEqual([200, 'a, b']);
    expect(await response.text()).toBe('POST /a?b=c yes to the pod');
    expect((await send(asked(`http://127.0.0.1:${port}/absent`))).status).toBe(404);
  });

  test('sees the apiserver’s certificate if it is an agent, and must be of the cluster’s authority', async () => {
    const agent = createTls({ ...serving, requestCert: true }, (request, response) =>
      response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN),
    );
    const port = await listening(agent);
    const { send } = vpcBackend(invoke, credentials);
    const response = await send(asked(`https://127.0.0.1:${port}/pods`, { as: 'kubelet-client' }));
    expect(await response.text()).toBe('kube-apiserver-kubelet-client');
    const other = await issueAuthority('other', NOW);
    const stranger = vpcBackend(invoke, { ...credentials, ca: other.certificate });
    await expect(stranger.send(asked(`https://127.0.0.1:${port}/`, { as: 'kubelet-client' }))).rejects.toThrow(
      /certificate/,
    );
  });

  test('is shown no credentials in the clear, and a pod none at all', async () => {
    const port = await listening(createPlain(echo));
    const { send } = vpcBackend(invoke, credentials);
    await expect(send(asked(`http://127.0.0.1:${port}/`, { as: 'kubelet-client' }))).rejects.toThrow(/encrypted/);
  });

  test('that does not answer is an error that says so', async () => {
    const port = await listening(createPlain(echo));
    servers.pop()!.close();
    await expect(vpcBackend(invoke, credentials).send(asked(`http://127.0.0.1:${port}/`))).rejects.toThrow(
      /ECONNREFUSED/,
    );
  });

  test('gets no body that the function cannot be given', async () => {
    const body = new Response(Buffer.alloc(5 * 1024 * 1024)).body!;
    await expect(
      vpcBackend(invoke, credentials).send(asked('http://127.0.0.1/', { method: 'POST', body })),
    ).rejects.toMatchObject({
      code: 413,
    });
  });
});

test('an answer that is too large to be passed on at once is an error, as a stream it is not', async () => {
  const bytes = Buffer.alloc(5 * 1024 * 1024, 'x');
  const port = await listening(createPlain((_, response) => void response.end(bytes)));
  const [[, atOnce], [, asStream]] = ways as [[string, Invoke], [string, Invoke]];
  await expect(vpcBackend(atOnce, credentials).send(asked(`http://127.0.0.1:${port}/`))).rejects.toThrow(/larger than/);
  const response = await vpcBackend(asStream, credentials).send(asked(`http://127.0.0.1:${port}/`));
  expect((await response.text()).length).toBe(bytes.length);
});

test('a log that is followed ends where answers come at once, and goes on as a stream', async () => {
  const port = await listening(createPlain(echo));
  const url = `http://127.0.0.1:${port}/containerLogs/default/web/main?follow=true&tailLines=5`;
  const shown = async ([, invoke]: [string, Invoke]) => (await vpcBackend(invoke, credentials).send(asked(url))).text();
  expect(await shown(ways[0]!)).toMatch(/main\?tailLines=5 /);
  expect(await shown(ways[1]!)).toMatch(/main\?follow=true&tailLines=5 /);
});

test('what is outside the cluster is not asked', async () => {
  const inside = sender(targetsWithin(['10.0.0.0/16']));
  const answer = await buffered(inside, {
    method: 'GET',
    url: 'http://169.254.169.254/latest/meta-data/',
    headers: {},
  });
  expect(answer).toEqual({ error: "169.254.169.254 is none of the cluster's addresses" });
});

test('a function that ends without an answer is an error', async () => {
  const silent: Invoke = { buffered: async () => '', async *streamed() {} };
  await expect(vpcBackend(silent, credentials).send(asked('http://10.0.0.1/'))).rejects.toThrow(/without an answer/);
});
