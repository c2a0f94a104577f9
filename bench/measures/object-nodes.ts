import { Connection, type Endpoint } from '../http.ts';
import { lease, node, nodeStatus } from '../objects.ts';
import { timed } from '../statistics.ts';
import { checked, connections } from './requests.ts';

const CLIENTS = 16;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const json = (object: object) => ({ body: JSON.stringify(object) });
const micro = () => new Date().toISOString().replace('Z', '000Z');

/** Nodes that exist only as objects, Ready for as long as their Leases are renewed. */
export class ObjectNodes {
  readonly #clients: readonly Connection[];
  readonly #count: number;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  private constructor(clients: readonly Connection[], count: number) {
    this.#clients = clients;
    this.#count = count;
  }

  /** Resolves when no node has a taint: the controllers take not-ready's away once they have seen it Ready. */
  static async make(endpoint: Endpoint, count: number, renewMs: number): Promise<ObjectNodes> {
    const nodes = new ObjectNodes(await connections(endpoint, Math.min(CLIENTS, count)), count);
    await timed(nodes.#clients, count, (client, index) => make(client, nameOf(index)));
    nodes.#timer = setInterval(() => void nodes.renew(), renewMs);
    const own = await Connection.open(endpoint);
    await untilTrue(async () => (await tainted(own)) === 0);
    own.close();
    return nodes;
  }

  /** One at a time: a connection takes one request. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renewAll().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewAll(): Promise<void> {
    await timed(this.#clients, this.#count, async (client, index) => {
      await client.request('PUT', `${leases}/${nameOf(index)}`, json(lease(nameOf(index), micro())));
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    for (const client of this.#clients) client.close();
  }
}

const nameOf = (index: number) => `bench-node-${index}`;

async function make(client: Connection, name: string): Promise<void> {
  const now = new Date().toISOString().slice(0, 19).concat('Z');
  await checked(client.request('POST', '/api/v1/nodes', json(node(name))), 201);
  const status = { ...json(nodeStatus(now)), contentType: 'application/merge-patch+json' };
  await checked(client.request('PATCH', `/api/v1/nodes/${name}/status`, status), 200);
  await client.request('POST', leases, json(lease(name, micro())));
}

async function tainted(client: Connection): Promise<number> {
  const { items } = JSON.parse((await client.request('GET', '/api/v1/nodes')).body.toString('utf8'));
  return items.filter((item: any) => item.spec?.taints?.length).length;
}

const LIMIT_MS = 180_000;

export async function untilTrue(check: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await check())) {
    if (performance.now() - begun > LIMIT_MS) throw new Error('not reached within three minutes');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
