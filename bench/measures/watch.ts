import { Connection, type Endpoint } from '../http.ts';
import { configMap, NAMESPACE } from '../objects.ts';
import { percentile } from '../statistics.ts';
import { checked, connections } from './requests.ts';

const base = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const PAUSE_MS = 20;

/** Milliseconds from sending a create until each of `watchers` has its event. */
export async function measureWatch(
  endpoint: Endpoint,
  watchers: number,
  events: number,
): Promise<{ p50: number; p99: number }> {
  const writer = await Connection.open(endpoint);
  const { resourceVersion } = JSON.parse(
    (await writer.request('GET', `${base}?limit=1`)).body.toString('utf8'),
  ).metadata;
  const watching = await connections(endpoint, watchers);
  const sent = new Map<string, number>();
  const samples: number[] = [];
  const prefix = `watched-${watchers}`;
  const name = new RegExp(`"(${prefix}-\\d+)"`);
  const done = watching.map(async (connection) => {
    let seen = 0;
    for await (const line of connection.lines(`${base}?watch=true&resourceVersion=${resourceVersion}`)) {
      const begun = sent.get(name.exec(line)?.[1] ?? '');
      if (begun === undefined) continue;
      samples.push(performance.now() - begun);
      if (++seen === events) break;
    }
    connection.close();
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (let i = 0; i < events; i++) {
    const body = configMap(`${prefix}-${i}`);
    sent.set(`${prefix}-${i}`, performance.now());
    await checked(writer.request('POST', base, { body }), 201);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await Promise.all(done);
  writer.close();
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
}
