import { criRuntime } from '../../agent/runtime/cri-runtime.ts';
import { Connection, type Endpoint } from '../http.ts';
import { percentile } from '../statistics.ts';
import { withNode } from '../targets/node.ts';
import { pausePod, removePause, startPause } from './pause-pod.ts';
import { checked } from './requests.ts';

const pods = '/api/v1/namespaces/default/pods';
const POLL_MS = 100;

/** Milliseconds since all were asked for at once. */
export interface ManyPodsFigures {
  p50: number;
  p99: number;
  all: number;
}

export interface ManyPodsComparison {
  own: ManyPodsFigures;
  runtime: ManyPodsFigures;
}

/** So many pods at once on one node, until each is Running as a watcher sees it; beside the runtime by itself, asked for as many at once. Needs root. */
export function measureManyPods(root: string, count: number): Promise<ManyPodsComparison> {
  return withNode(root, async ({ endpoint, socket, folder }) => {
    await podsStarted(endpoint, 'warm', 1);
    const own = await podsStarted(endpoint, 'pod', count);
    await removeAll(endpoint);
    return { own, runtime: await runtimeStarted(socket, folder, count) };
  });
}

async function podsStarted(endpoint: Endpoint, prefix: string, count: number): Promise<ManyPodsFigures> {
  const [client, watch] = await Promise.all([Connection.open(endpoint), Connection.open(endpoint)]);
  const events = watch.lines(`${pods}?watch=true`);
  const begun = performance.now();
  const running = new Map<string, number>();
  const seen = (async () => {
    for await (const line of events) {
      const { metadata, status } = JSON.parse(line).object;
      if (!metadata.name.startsWith(prefix) || status.phase !== 'Running' || running.has(metadata.name)) continue;
      running.set(metadata.name, performance.now() - begun);
      if (running.size === count) return;
    }
  })();
  for (let i = 0; i < count; i++)
    await checked(client.request('POST', pods, { body: JSON.stringify(pausePod(`${prefix}-${i}`)) }), 201);
  await seen;
  watch.close();
  client.close();
  return figures([...running.values()]);
}

async function removeAll(endpoint: Endpoint): Promise<void> {
  const client = await Connection.open(endpoint);
  await client.request('DELETE', pods);
  for (;;) {
    const { items } = JSON.parse((await client.request('GET', `${pods}?limit=1`)).body.toString('utf8'));
    if (items.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  client.close();
}

async function runtimeStarted(socket: string, folder: string, count: number): Promise<ManyPodsFigures> {
  const runtime = criRuntime(socket);
  const begun = performance.now();
  const samples: number[] = [];
  const start = async (name: string) => {
    const sandbox = await startPause(runtime, name, folder);
    samples.push(performance.now() - begun);
    return sandbox;
  };
  const sandboxes = await Promise.all(Array.from({ length: count }, (_, i) => start(`alone-${i}`)));
  await Promise.all(sandboxes.map((sandbox) => removePause(runtime, sandbox)));
  runtime.close();
  return figures(samples);
}

function figures(samples: readonly number[]): ManyPodsFigures {
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), all: Math.max(...samples) };
}
