import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Service } from '../../../lib/api/types.ts';
import type { SharedCaches } from '../../../lib/client/cache.ts';
import { ObjectCache } from '../../../lib/client/object-cache.ts';
import { nodes as nodeType, type ResourceType, services as serviceType } from '../../../lib/client/resource-type.ts';
import { followNodePorts } from '../../../lib/cluster/machine/node-ports.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';
import { node } from '../../builders/objects.ts';

/** Any other address of the loopback stands for a node. */
const NODE = '127.0.0.2';

function service(nodePort: number, protocol = 'TCP'): any {
  const metadata = { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return { metadata, spec: { type: 'NodePort', ports: [{ port: 80, nodePort, protocol }] } };
}

/** Caches that nobody fills but the test; there is one node, and it is Ready. */
function cachesWithNode(): { caches: SharedCaches; cache: ObjectCache<Service> } {
  const all = new Map<string, ObjectCache<any>>();
  const cacheOf = (type: ResourceType<any>) => {
    const cache = all.get(type.resource) ?? new ObjectCache<any>(type);
    all.set(type.resource, cache);
    return cache;
  };
  const caches = { cache: cacheOf, subscribe: (type: any, handler: any) => cacheOf(type).subscribe(handler) };
  const status = {
    addresses: [{ type: 'InternalIP', address: NODE }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  cacheOf(nodeType).replace([{ ...node({ name: 'node-1' }), status }], '1');
  return { caches: caches as unknown as SharedCaches, cache: cacheOf(serviceType) };
}

async function ask(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end('hello');
  const chunks = await socket.toArray();
  return Buffer.concat(chunks).toString();
}

test('a NodePort answers at 127.0.0.1 while its service is there', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    socket.on('data', (data) => socket.end(`got ${data}`)),
  );
  server.listen(0, NODE);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { caches, cache } = cachesWithNode();
  const forwarder = followNodePorts(caches, () => {}, systemClock);

  cache.replace([service(port)], '1');
  await expect(eventually(() => ask(port))).resolves.toBe('got hello');
  cache.replace([], '2');
  await expect(ask(port)).rejects.toThrow(/ECONNREFUSED/);
  forwarder.close();
  server.close();
});

test('datagrams find their way there and back', async () => {
  const server = createSocket('udp4', (message, from) => server.send(`got ${message}`, from.port, from.address));
  server.bind(0, NODE);
  await once(server, 'listening');
  const { port } = server.address();
  const { caches, cache } = cachesWithNode();
  const forwarder = followNodePorts(caches, () => {}, systemClock);
  cache.replace([service(port, 'UDP')], '1');

  const client = createSocket('udp4');
  const answer = once(client, 'message');
  // The forwarder's socket is bound in this process before the datagram is read.
  client.send('hello', port, '127.0.0.1');
  expect(String((await answer)[0])).toBe('got hello');
  client.close();
  forwarder.close();
  server.close();
});

test('a port that another program has is left to it, and told of', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { caches, cache } = cachesWithNode();
  const said = Promise.withResolvers<unknown>();
  const log = (_: string, fields: unknown) => said.resolve(fields);
  const forwarder = followNodePorts(caches, log as any, systemClock);
  cache.replace([service(port)], '1');
  expect(await said.promise).toMatchObject({ port });
  forwarder.close();
  other.close();
});

/** Listening begins in a later turn of the event loop. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let turn = 0; ; turn++) {
    try {
      return await work();
    } catch (error) {
      if (turn === 100) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
