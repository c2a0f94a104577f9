import { Connection, type Endpoint } from '../http.ts';
import { configMap, NAMESPACE } from '../objects.ts';
import { type Timed, timed } from '../statistics.ts';
import { checked, connections } from './requests.ts';

const base = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const mergePatch = { contentType: 'application/merge-patch+json' };

export interface VerbFigures {
  alone: Timed;
  sixteen: Timed;
}

/** Creates, gets and patches one object at a time: from one client, then from sixteen. Leaves `sequential + parallel` objects. */
export async function measureObjects(
  endpoint: Endpoint,
  sequential: number,
  parallel: number,
): Promise<Record<'create' | 'get' | 'patch', VerbFigures>> {
  const clients = await connections(endpoint, 16);
  const one = clients.slice(0, 1);
  const create = (prefix: string) => (client: Connection, i: number) =>
    checked(client.request('POST', base, { body: configMap(`${prefix}-${i}`) }), 201);
  const get = (prefix: string) => (client: Connection, i: number) =>
    checked(client.request('GET', `${base}/${prefix}-${i}`), 200);
  const patch = (prefix: string) => (client: Connection, i: number) =>
    checked(
      client.request('PATCH', `${base}/${prefix}-${i}`, { ...mergePatch, body: `{"data":{"patched":"${i}"}}` }),
      200,
    );
  await timed(clients, 500, create('warm'));
  const figures = {
    create: {
      alone: await timed(one, sequential, create('one')),
      sixteen: await timed(clients, parallel, create('many')),
    },
    get: { alone: await timed(one, sequential, get('one')), sixteen: await timed(clients, parallel, get('many')) },
    patch: {
      alone: await timed(one, sequential, patch('one')),
      sixteen: await timed(clients, parallel, patch('many')),
    },
  };
  for (const client of clients) client.close();
  return figures;
}

/** Fills the namespace up to `total` objects, counting what is there. */
export async function fill(endpoint: Endpoint, total: number): Promise<void> {
  const clients = await connections(endpoint, 16);
  const list = await clients[0]!.request('GET', `${base}?limit=1`);
  const parsed = JSON.parse(list.body.toString('utf8')) as {
    items: unknown[];
    metadata: { remainingItemCount?: number };
  };
  const present = parsed.items.length + (parsed.metadata.remainingItemCount ?? 0);
  await timed(clients, Math.max(0, total - present), (client, i) =>
    checked(client.request('POST', base, { body: configMap(`fill-${i}`) }), 201),
  );
  for (const client of clients) client.close();
}

/** Milliseconds of one DELETE of the whole collection. */
export async function measureDeleteCollection(endpoint: Endpoint): Promise<number> {
  const client = await Connection.open(endpoint);
  const begun = performance.now();
  await checked(client.request('DELETE', base), 200);
  const took = performance.now() - begun;
  client.close();
  return took;
}
