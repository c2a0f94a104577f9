import { Connection, type Endpoint } from '../http.ts';
import { deployment, lease, NAMESPACE, node, nodeStatus } from '../objects.ts';
import { checked } from './requests.ts';

const NODES = 10;
const RENEW_MS = 5000;
const LIMIT_MS = 180_000;
const json = (object: object) => ({ body: JSON.stringify(object) });

/** Seconds until a Deployment's `replicas` pods are all bound to nodes that exist only as objects, their Leases kept fresh. */
export async function measureBind(endpoint: Endpoint, replicas: number): Promise<number> {
  const client = await Connection.open(endpoint);
  const keeper = await Connection.open(endpoint);
  await makeNodes(client);
  const renewing = setInterval(() => void renewLeases(keeper), RENEW_MS);
  try {
    // The controllers take a node's not-ready taint away once they have seen it Ready.
    await untilTrue(async () => (await list(client, '/api/v1/nodes')).every((n) => !n.spec?.taints?.length));
    await checked(
      client.request('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, json(deployment('bind', 1))),
      201,
    );
    await untilTrue(async () => (await bound(client)) === 1);
    await checked(
      client.request('PATCH', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/bind`, {
        ...json({ spec: { replicas: 0 } }),
        contentType: 'application/merge-patch+json',
      }),
      200,
    );
    const begun = performance.now();
    await checked(
      client.request(
        'POST',
        `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
        json(deployment('bind-all', replicas)),
      ),
      201,
    );
    await untilTrue(async () => (await bound(client, 'bind-all')) === replicas);
    return (performance.now() - begun) / 1000;
  } finally {
    clearInterval(renewing);
    client.close();
    keeper.close();
  }
}

async function makeNodes(client: Connection): Promise<void> {
  const now = new Date().toISOString().slice(0, 19).concat('Z');
  for (let i = 0; i < NODES; i++) {
    const name = `bench-node-${i}`;
    await checked(client.request('POST', '/api/v1/nodes', json(node(name))), 201);
    const status = { ...json(nodeStatus(now)), contentType: 'application/merge-patch+json' };
    await checked(client.request('PATCH', `/api/v1/nodes/${name}/status`, status), 200);
    await client.request(
      'POST',
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
      json(lease(name, micro())),
    );
  }
}

async function renewLeases(client: Connection): Promise<void> {
  for (let i = 0; i < NODES; i++)
    await client.request(
      'PUT',
      `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/bench-node-${i}`,
      json(lease(`bench-node-${i}`, micro())),
    );
}

const micro = () => new Date().toISOString().replace('Z', '000Z');

async function list(client: Connection, path: string): Promise<any[]> {
  return JSON.parse((await client.request('GET', path)).body.toString('utf8')).items ?? [];
}

/** Asks for the count only: one item and how many remain. */
async function bound(client: Connection, app = 'bind'): Promise<number> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=app%3D${app}&fieldSelector=spec.nodeName%21%3D`;
  const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
  return JSON.parse((await client.request('GET', path, { accept })).body.toString('utf8')).items?.length ?? 0;
}

async function untilTrue(check: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await check())) {
    if (performance.now() - begun > LIMIT_MS) throw new Error('not reached within three minutes');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
