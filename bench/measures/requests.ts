import { type Answer, Connection, type Endpoint } from '../http.ts';
import { NAMESPACE } from '../objects.ts';

export function connections(endpoint: Endpoint, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(endpoint)));
}

/** A benchmark of refusals would be fast: every answer must have the status that is expected. */
export async function checked(answering: Promise<Answer>, status: number): Promise<void> {
  const answer = await answering;
  if (answer.status === status) return;
  throw new Error(`expected ${status}, got ${answer.status}: ${answer.body.toString('utf8').slice(0, 300)}`);
}

/** The namespace, with its default ServiceAccount where no controller makes it, so that pods are admitted. */
export async function prepareNamespace(endpoint: Endpoint): Promise<void> {
  const client = await Connection.open(endpoint);
  const body = (object: object) => ({ body: JSON.stringify(object) });
  await checked(
    client.request(
      'POST',
      '/api/v1/namespaces',
      body({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }),
    ),
    201,
  );
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  const made = await client.request('POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, body(account));
  if (made.status !== 201 && made.status !== 409) throw new Error(`ServiceAccount: ${made.status}`);
  client.close();
}
