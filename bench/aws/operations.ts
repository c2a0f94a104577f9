/** The API calls of a client that is signed in by a ServiceAccount token, with authentication, RBAC and admission as they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigMap, Pod, Service } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { configMaps, leases, nodes, pods, services } from '../../lib/client/resource-type.ts';
import { nodeStatus, pod } from '../objects.ts';
import type { BenchCluster, Instance } from './cluster.ts';
import { measured, type Row, taken } from './measure.ts';

export const namespace = 'bench';
const TIMES = 10;
const LISTED_PODS = 100;
const SETTLE_MS = 6_000;
const IDLE_MS = 20_000;
const MINUTE_MS = 60_000;
const EVENTS = 20;
const EVENT_EVERY_MS = 100;

const configMap = (name: string): ConfigMap => ({ metadata: { namespace, name }, data: { value: 'x'.repeat(512) } });
const service = (name: string): Service => ({
  metadata: { namespace, name },
  spec: { selector: { app: name }, ports: [{ port: 80 }] },
});

/** Writes before reads: the list is of a hundred pods. */
export async function apiCalls(cluster: BenchCluster, token: string): Promise<Row[]> {
  const warm = cluster.instance();
  const client = warm.client(token);
  await touchAll(client);
  const writes = await writeCalls(warm, client);
  const reads = await readCalls(cluster, warm, client, token);
  return [...reads, ...writes];
}

/** Each type is loaded, as in a function that has served for a while. */
async function touchAll(client: Client): Promise<void> {
  const first = await client.create(configMaps, configMap('first'));
  await client.update(configMaps, first);
  for (const type of [configMaps, pods, services, nodes, leases]) await client.list(type as typeof pods);
  await client.create(services, service('first'));
  await client.create(pods, podOf('first'));
}

const podOf = (name: string) => ({ ...pod(name), metadata: { namespace, name, labels: { app: 'bench' } } }) as Pod;

async function writeCalls({ meter }: Instance, client: Client): Promise<Row[]> {
  const name = (index: number) => `map-${index}`;
  const rows = [
    await measured('create a ConfigMap', meter, TIMES, (i) => client.create(configMaps, configMap(name(i)))),
    await measured(`create a Pod`, meter, LISTED_PODS - 1, (i) => client.create(pods, podOf(`pod-${i}`))),
    await measured('create a Service', meter, TIMES, (i) => client.create(services, service(`service-${i}`))),
  ];
  const { items } = await client.list(configMaps, { namespace });
  const own = items.filter(({ metadata }) => metadata.name.startsWith('map-'));
  rows.push(
    await measured('update a ConfigMap', meter, own.length, (i) =>
      client.update(configMaps, { ...own[i]!, data: { value: 'y'.repeat(512) } }),
    ),
    await measured('merge patch of a ConfigMap', meter, TIMES, (i) =>
      client.patch(configMaps, { namespace, name: name(i) }, { type: 'merge', body: { data: { more: 'z' } } }),
    ),
    await measured('patch that changes nothing', meter, TIMES, (i) =>
      client.patch(configMaps, { namespace, name: name(i) }, { type: 'merge', body: { data: { more: 'z' } } }),
    ),
    await measured('delete a ConfigMap', meter, TIMES, (i) => client.delete(configMaps, { namespace, name: name(i) })),
  );
  return rows;
}

async function readCalls(cluster: BenchCluster, warm: Instance, client: Client, token: string): Promise<Row[]> {
  const { meter } = warm;
  const ref = { namespace, name: 'first' };
  const other = cluster.instance().client(token);
  const write = () => other.patch(configMaps, ref, { type: 'merge', body: { data: { at: String(Math.random()) } } });
  await write();
  await client.get(configMaps, ref);
  return [
    await measured('GET, warm', meter, TIMES, () => client.get(pods, ref)),
    await measured('GET, after a write of another function', meter, TIMES, async () => {
      await write();
      await client.get(configMaps, ref);
    }),
    await measured('merge patch, after a write of another function', meter, TIMES, async (i) => {
      await write();
      await client.patch(configMaps, ref, { type: 'merge', body: { data: { own: String(i) } } });
    }),
    await measured(`LIST of ${LISTED_PODS} Pods, warm`, meter, TIMES, () => client.list(pods, { namespace })),
    await cold('GET, cold', cluster, token, (fresh) => fresh.get(pods, ref)),
    await cold(`LIST of ${LISTED_PODS} Pods, cold`, cluster, token, (fresh) => fresh.list(pods, { namespace })),
    await cold('create a ConfigMap, cold', cluster, token, (fresh) => fresh.create(configMaps, configMap('cold'))),
    ...(await watches(warm, client, write)),
  ];
}

async function cold(
  what: string,
  cluster: BenchCluster,
  token: string,
  operation: (client: Client) => Promise<unknown>,
): Promise<Row> {
  const fresh = cluster.instance();
  await operation(fresh.client(token));
  return taken(what, [fresh.meter]);
}

/** One stream that is held open by a function, its polls slowed down. */
async function watches({ meter }: Instance, client: Client, write: () => Promise<unknown>): Promise<Row[]> {
  const { resourceVersion } = await client.list(configMaps, { namespace });
  const ended = new AbortController();
  let seen = 0;
  const watching = (async () => {
    for await (const _ of client.watch(configMaps, { namespace, resourceVersion, signal: ended.signal })) seen++;
  })();
  await sleep(SETTLE_MS);
  meter.take();
  await sleep(IDLE_MS);
  const idle = taken('watch, idle, a minute', [meter], IDLE_MS / MINUTE_MS);
  for (let i = 0; i < EVENTS; i++) {
    await write();
    await sleep(EVENT_EVERY_MS);
  }
  while (seen < EVENTS) await sleep(EVENT_EVERY_MS);
  const busy = taken('watch, busy (some 10 events a second), an event', [meter], EVENTS);
  ended.abort();
  await watching.catch(() => undefined);
  return [idle, busy];
}

/** What a node's agent writes while nothing happens, as the node: NodeRestriction and the node authorizer look at it. */
export async function heartbeats(cluster: BenchCluster, nodeName: string): Promise<Row[]> {
  const { meter, as } = cluster.instance();
  const node = as({ username: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] });
  const lease = { namespace: 'kube-node-lease', name: nodeName };
  const spec = (renewTime: string) => ({ holderIdentity: nodeName, leaseDurationSeconds: 40, renewTime });
  const time = (i: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, i)).toISOString().replace('Z', '000Z');
  const renew = (i: number) => node.patch(leases, lease, { type: 'merge', body: { spec: spec(time(i)) } });
  const status = (i: number) =>
    node.patch(nodes, { name: nodeName }, { type: 'merge', body: nodeStatus(`${time(i).slice(0, 19)}Z`) }, STATUS);
  await node.create(leases, { metadata: lease, spec: spec(time(0)) });
  for (const i of [1, 2, 3]) await renew(i).then(() => status(i));
  return [
    await measured('a node renews its Lease', meter, TIMES, (i) => renew(10 + i)),
    await measured('a node writes its status', meter, TIMES, (i) => status(10 + i)),
  ];
}

const STATUS = { subresource: 'status' };
