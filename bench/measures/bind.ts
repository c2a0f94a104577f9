import { Connection, type Endpoint } from '../http.ts';
import { deployment, NAMESPACE } from '../objects.ts';
import { ObjectNodes, untilTrue } from './object-nodes.ts';
import { checked } from './requests.ts';

const NODES = 10;
const RENEW_MS = 5000;
const json = (object: object) => ({ body: JSON.stringify(object) });

/** Seconds until a Deployment's `replicas` pods are all bound to nodes that exist only as objects, their Leases kept fresh. */
export async function measureBind(endpoint: Endpoint, replicas: number): Promise<number> {
  const client = await Connection.open(endpoint);
  const nodes = await ObjectNodes.make(endpoint, NODES, RENEW_MS);
  try {
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
    await nodes.close();
    client.close();
  }
}

/** Asks for the count only: one item and how many remain. */
async function bound(client: Connection, app = 'bind'): Promise<number> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=app%3D${app}&fieldSelector=spec.nodeName%21%3D`;
  const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
  return JSON.parse((await client.request('GET', path, { accept })).body.toString('utf8')).items?.length ?? 0;
}
