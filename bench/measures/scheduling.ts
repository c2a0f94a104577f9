import { Connection, type Endpoint } from '../http.ts';
import { NAMESPACE, schedulable } from '../objects.ts';
import { timed } from '../statistics.ts';
import { ObjectNodes } from './object-nodes.ts';
import { checked, connections } from './requests.ts';

const CLIENTS = 16;
/** Within the 50 seconds after which a node counts as lost. */
const RENEW_MS = 20_000;
const WARM_UP = 20;
const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;

export interface SchedulingFigures {
  /** Until the last pod was created. */
  createSeconds: number;
  /** From the first create until the last pod was bound. */
  boundSeconds: number;
  perSecond: number;
}

/** Pods made as fast as the API takes them, on nodes that exist only as objects, and when a watcher has seen the last of them bound. */
export async function measureScheduling(endpoint: Endpoint, nodes: number, count: number): Promise<SchedulingFigures> {
  const objectNodes = await ObjectNodes.make(endpoint, nodes, RENEW_MS);
  const clients = await connections(endpoint, CLIENTS);
  const create = async (name: string, amount: number) => {
    await timed(clients, amount, (client, index) =>
      checked(client.request('POST', pods, { body: JSON.stringify(schedulable(`${name}-${index}`)) }), 201),
    );
  };
  try {
    await boundAfter(endpoint, WARM_UP, () => create('warm', WARM_UP));
    await objectNodes.renew();
    const begun = performance.now();
    let createSeconds = 0;
    await boundAfter(endpoint, WARM_UP + count, async () => {
      await create('pod', count);
      createSeconds = (performance.now() - begun) / 1000;
    });
    const boundSeconds = (performance.now() - begun) / 1000;
    return { createSeconds, boundSeconds, perSecond: count / boundSeconds };
  } finally {
    await objectNodes.close();
    for (const client of clients) client.close();
  }
}

/** Resolves once so many pods have a node. A server may end a watch (kube-apiserver does when its reader lags): then it begins anew with all there is. */
async function boundAfter(endpoint: Endpoint, count: number, make: () => Promise<void>): Promise<void> {
  const bound = new Set<string>();
  const seen = (async () => {
    while (bound.size < count) await watchBound(endpoint, bound, count);
  })();
  await Promise.all([make(), seen]);
}

async function watchBound(endpoint: Endpoint, bound: Set<string>, count: number): Promise<void> {
  const watcher = await Connection.open(endpoint);
  try {
    // A pod is added to this view when it gets its node.
    for await (const line of watcher.lines(`${pods}?watch=true&fieldSelector=spec.nodeName%21%3D`)) {
      const name = line.startsWith('{"type":"ADDED"') && /"metadata":\{"name":"([^"]+)"/.exec(line)?.[1];
      if (name) bound.add(name);
      if (bound.size === count) return;
    }
  } finally {
    watcher.close();
  }
}
