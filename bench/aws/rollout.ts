/** A Deployment of three replicas, with controllers and scheduler as the functions that a stream wakes. The bench plays the node. */
import type { Deployment, Pod } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { configMaps, deployments, nodes, pods } from '../../lib/client/resource-type.ts';
import { deployment, node, nodeStatus } from '../objects.ts';
import type { BenchCluster, Invoked } from './cluster.ts';
import { measured, type Row, taken } from './measure.ts';
import { namespace } from './operations.ts';

export const NODE = 'node-1';
export const REPLICAS = 3;
const TIMES = 5;
/** Of a function, as on AWS. */
const TIMEOUT_MS = 300_000;
const READY = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
const MAX_ROUNDS = 40;

export interface Rollout {
  rows: Row[];
  /** API writes, and invocations that had something to do. */
  invocations: number;
  seconds: { controllers: number; scheduler: number };
}

interface Part extends Invoked {
  invocations: number;
  ms: number;
}

export async function rollout(cluster: BenchCluster, token: string): Promise<Rollout> {
  const user = cluster.instance();
  const agent = cluster.instance();
  const client = user.client(token);
  const kubelet = agent.as({ username: `system:node:${NODE}`, groups: ['system:nodes', 'system:authenticated'] });
  await kubelet.create(nodes, node(NODE) as object);
  await kubelet.patch(nodes, { name: NODE }, { type: 'merge', body: nodeStatus(now()) }, { subresource: 'status' });
  const parts = [part(cluster.controllers()), part(cluster.scheduler())] as const;
  // As in a cluster that has served for a while: caches are loaded, the first Deployment's node and Events are there.
  await rolled(client, kubelet, parts, deployment('first', REPLICAS) as Deployment);
  const meters = [user.meter, agent.meter, ...parts.map(({ meter }) => meter)];
  for (const meter of meters) meter.take();
  for (const one of parts) Object.assign(one, { invocations: 0, ms: 0 });
  await rolled(client, kubelet, parts, deployment('measured', REPLICAS) as Deployment);
  const invocations = parts[0].invocations + parts[1].invocations;
  const mean = ({ ms, invocations: count }: Part) => ms / count / 1000;
  const seconds = { controllers: mean(parts[0]), scheduler: mean(parts[1]) };
  const rows = [
    taken(`rollout of a Deployment, ${REPLICAS} replicas, all of it`, meters),
    ...(await wakes(client, parts[0])),
  ];
  return { rows, invocations, seconds };
}

const part = (invoked: Invoked): Part => ({ ...invoked, invocations: 0, ms: 0 });
const now = () => new Date().toISOString();

async function rolled(client: Client, kubelet: Client, parts: readonly Part[], wanted: Deployment): Promise<void> {
  const ref = { namespace, name: wanted.metadata!.name! };
  await client.create(deployments, { ...wanted, metadata: { ...wanted.metadata, namespace } });
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (const one of parts) await invoke(one);
    await runPods(kubelet, ref.name);
    const { status } = await client.get(deployments, ref);
    if (status?.availableReplicas !== REPLICAS) continue;
    for (const one of parts) await invoke(one);
    return;
  }
  throw new Error('the rollout does not end');
}

async function invoke(one: Part): Promise<string> {
  const begun = performance.now();
  const outcome = await one.driver.run({ deadlineMs: Date.now() + TIMEOUT_MS });
  one.invocations++;
  one.ms += performance.now() - begun;
  return outcome;
}

/** As an agent does: what is bound to its node runs, told in one write when its container is there and one when it is ready. */
async function runPods(kubelet: Client, app: string): Promise<void> {
  const { items } = await kubelet.list(pods, { fieldSelector: `spec.nodeName=${NODE}`, labelSelector: `app=${app}` });
  for (const found of items.filter(({ status }) => status?.phase === 'Pending')) {
    for (const isReady of [false, true]) await writeStatus(kubelet, found, isReady);
  }
}

function writeStatus(kubelet: Client, { metadata, spec }: Pod, isReady: boolean): Promise<unknown> {
  const time = now();
  const conditions = READY.map((type) => ({ type, status: isReady ? 'True' : 'False', lastTransitionTime: time }));
  const { name, image } = spec!.containers[0]!;
  const state = isReady ? { running: { startedAt: time } } : { waiting: { reason: 'ContainerCreating' } };
  const containerStatuses = [{ name, image, imageID: image, state, ready: isReady, restartCount: 0, started: isReady }];
  const body = {
    status: {
      phase: isReady ? 'Running' : 'Pending',
      conditions,
      containerStatuses,
      podIP: '10.0.0.1',
      startTime: time,
    },
  };
  const ref = { namespace: metadata!.namespace, name: metadata!.name! };
  return kubelet.patch(pods, ref, { type: 'merge', body }, { subresource: 'status' });
}

/** A write wakes the function; once it concerns it, once it does not. */
async function wakes(client: Client, controllers: Part): Promise<Row[]> {
  const pod = (await client.list(pods, { namespace, labelSelector: 'app=measured' })).items[0]!;
  const labels = (i: number) => ({ type: 'merge' as const, body: { metadata: { labels: { touched: String(i) } } } });
  const ref = { namespace, name: pod.metadata.name };
  const touch = async (i: number) => {
    await client.patch(pods, ref, labels(i));
    await invoke(controllers);
  };
  return [
    await measured('a function is woken, nothing is new', controllers.meter, TIMES, () => invoke(controllers)),
    await measured('controllers are woken by a Pod that changed, nothing to do', controllers.meter, TIMES, touch),
    await measured('controllers are woken by what does not concern them', controllers.meter, TIMES, async (i) => {
      await client.patch(configMaps, { namespace, name: 'first' }, { type: 'merge', body: { data: { n: `${i}` } } });
      await invoke(controllers);
    }),
  ];
}
