import type { Connection, Endpoint } from '../http.ts';
import { NAMESPACE, pod } from '../objects.ts';
import { type Timed, timed } from '../statistics.ts';
import { checked, connections } from './requests.ts';

const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
const formats = {
  json: 'application/json',
  table: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

export type ListFigures = Record<keyof typeof formats, { alone: Timed; sixteen: Timed }>;

/** Lists `count` pods, which it makes first, in the formats that kubectl and client-go ask for. */
export async function measureLists(
  endpoint: Endpoint,
  count: number,
): Promise<{ podCreate: Timed; lists: ListFigures }> {
  const clients = await connections(endpoint, 16);
  const podCreate = await timed(clients, count, (client, i) =>
    checked(client.request('POST', pods, { body: JSON.stringify(pod(`pod-${i}`)) }), 201),
  );
  const lists = {} as ListFigures;
  for (const [format, accept] of Object.entries(formats) as [keyof typeof formats, string][]) {
    const list = (client: Connection) => checked(client.request('GET', pods, { accept }), 200);
    await timed(clients, 2 * clients.length, list);
    lists[format] = { alone: await timed(clients.slice(0, 1), 20, list), sixteen: await timed(clients, 80, list) };
  }
  for (const client of clients) client.close();
  return { podCreate, lists };
}
