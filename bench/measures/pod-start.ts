import { criRuntime } from '../../agent/runtime/cri-runtime.ts';
import { Connection, type Endpoint } from '../http.ts';
import { percentile } from '../statistics.ts';
import { withNode } from '../targets/node.ts';
import { pausePod, removePause, startPause } from './pause-pod.ts';
import { checked } from './requests.ts';

const PODS = 20;
const pods = '/api/v1/namespaces/default/pods';

export interface PodStartFigures {
  /** Milliseconds, p50. */
  own: number;
  runtime: number;
}

/** From the create of a pod to Running on a real node, beside what its container runtime takes for the same by itself. Needs root. */
export function measurePodStart(root: string): Promise<PodStartFigures> {
  return withNode(root, async ({ endpoint, socket, folder }) => ({
    own: await podStarts(endpoint),
    runtime: await runtimeStarts(socket, folder),
  }));
}

/** Milliseconds, p50, of pods made one after the other, as a watcher sees them. */
async function podStarts(endpoint: Endpoint): Promise<number> {
  const client = await Connection.open(endpoint);
  const samples: number[] = [];
  for (let i = 0; i < PODS; i++) {
    const watch = await Connection.open(endpoint);
    const events = watch.lines(`${pods}?watch=true&fieldSelector=metadata.name%3Dstart-${i}`);
    const begun = performance.now();
    await checked(client.request('POST', pods, { body: JSON.stringify(pausePod(`start-${i}`)) }), 201);
    for await (const line of events) if (JSON.parse(line).object.status.phase === 'Running') break;
    samples.push(performance.now() - begun);
    watch.close();
    await client.request('DELETE', `${pods}/start-${i}?gracePeriodSeconds=0`);
  }
  client.close();
  return percentile(samples, 0.5);
}

/** Milliseconds, p50, until the container is running. */
async function runtimeStarts(socket: string, folder: string): Promise<number> {
  const runtime = criRuntime(socket);
  const samples: number[] = [];
  for (let i = 0; i < PODS; i++) {
    const begun = performance.now();
    const sandbox = await startPause(runtime, `alone-${i}`, folder);
    samples.push(performance.now() - begun);
    await removePause(runtime, sandbox);
  }
  runtime.close();
  return percentile(samples, 0.5);
}
