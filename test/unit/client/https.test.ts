import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createClient } from '../../../lib/client/create-client.ts';
import { type HttpsOptions, httpsTransport } from '../../../lib/client/https.ts';
import { pods } from '../../../lib/client/resource-type.ts';
import { issueAuthority, issueCertificate } from '../../../lib/pki/issue.ts';

type Handler = Parameters<typeof createServer>[1];

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(handler: Handler, port = 0) {
  const now = Date.now();
  const authority = await issueAuthority('test', now);
  const names = ['127.0.0.1'];
  const pair = await issueCertificate(authority, { commonName: 'server', names, usages: ['server'] }, now);
  const server = createServer({ cert: pair.certificate, key: pair.key }, handler as any);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: listening } = server.address() as AddressInfo;
  return { server, port: listening, ca: authority.certificate };
}

const clientOf = (port: number, ca: string, more: Partial<HttpsOptions> = {}) => {
  const server = `https://127.0.0.1:${port}`;
  return createClient(httpsTransport({ server, ca, ...more }), { baseUrl: server, userAgent: 'test' });
};

describe('HTTPS transport', () => {
  test('a request carries token, body and type, and the answer comes back', async () => {
    const seen: any[] = [];
    const { port, ca } = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { method, url, headers } = request;
      seen.push({ method, url, token: headers.authorization, body: JSON.parse(body) });
      response.end(JSON.stringify({ kind: 'Pod', metadata: { name: 'p' } }));
    });
    const client = clientOf(port, ca, { token: () => 'secret' });
    const made = await client.create(pods, { metadata: { namespace: 'a', name: 'p' } });
    expect(made.metadata.name).toBe('p');
    expect(seen).toMatchObject([
      { method: 'POST', url: '/api/v1/namespaces/a/pods', token: 'Bearer secret', body: { kind: 'Pod' } },
    ]);
  });

  test('connections are kept', async () => {
    const sockets = new Set<unknown>();
    const { port, ca } = await serve((request, response) => {
      sockets.add(request.socket);
      response.end('{}');
    });
    const client = clientOf(port, ca);
    for (let i = 0; i < 3; i++) await client.getPath('/version');
    expect(sockets.size).toBe(1);
  });

  test('a kept connection that the server closed is replaced without anybody noticing', async () => {
    const { port, ca, server } = await serve((_request, response) => response.end('{}'));
    const client = clientOf(port, ca);
    await client.getPath('/version');
    server.closeAllConnections();
    await expect(client.getPath('/version')).resolves.toEqual({});
  });

  test('a watch streams as it comes, and ends when told to', async () => {
    const { port, ca } = await serve((_request, response) => {
      response.write('{"type":"ADDED","object":{"metadata":{"name":"p"}}}\n');
    });
    const abort = new AbortController();
    const seen: unknown[] = [];
    for await (const event of clientOf(port, ca).watch(pods, { signal: abort.signal })) {
      seen.push(event.type);
      abort.abort();
    }
    expect(seen).toEqual(['ADDED']);
  });

  test('a server that is not there is unavailable', async () => {
    const { port, ca, server } = await serve(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    await expect(clientOf(port, ca).getPath('/version')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  test('a server that somebody else vouches for is not spoken to', async () => {
    const { port } = await serve((_request, response) => response.end('{}'));
    const { certificate } = await issueAuthority('other', Date.now());
    await expect(clientOf(port, certificate).getPath('/version')).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
    });
  });
});
