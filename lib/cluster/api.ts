import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../client/client.ts';
import { createClient } from '../client/create-client.ts';
import { httpsTransport } from '../client/https.ts';
import { leases, nodes as nodeType } from '../client/resource-type.ts';
import { type Clock, delay } from '../runtime/clock.ts';
import type { ClusterConfig } from './config.ts';
import { logTail, runningDaemon } from './daemon.ts';
import { ClusterError } from './error.ts';
import type { ClusterPaths, ProcessPaths } from './paths.ts';

const READY_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 5_000;
const POLL_MS = 25;

/** The cluster's administrator, as the commands of this machine act. */
export function adminClient(cluster: ClusterConfig, paths: ClusterPaths): Client {
  const pem = (name: string) => readFileSync(join(paths.pki, name));
  const server = `https://127.0.0.1:${cluster.port}`;
  const transport = httpsTransport({
    server,
    ca: pem('ca.crt'),
    cert: pem('admin.crt'),
    key: pem('admin.key'),
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  return createClient(transport, { baseUrl: server, userAgent: 'zeroplane' });
}

/** Whether the control plane answers that it is ready. */
export async function isReady(client: Client): Promise<boolean> {
  return client.list(nodeType, { limit: 1 }).then(
    () => true,
    () => false,
  );
}

/** Whether the node's agent has renewed its lease since this time. */
export async function isAlive(client: Client, node: string, since: number): Promise<boolean> {
  const lease = await client.get(leases, { namespace: 'kube-node-lease', name: node }).catch(() => undefined);
  return Date.parse(lease?.spec?.renewTime ?? '') >= since;
}

/** The nodes that say Ready: of one whose agent is gone this may be old news. */
export async function readyNodes(client: Client): Promise<Set<string>> {
  const { items } = await client.list(nodeType);
  const ready = items.filter(({ status }) =>
    status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
  );
  return new Set(ready.map(({ metadata }) => metadata.name));
}

/** Waits for a daemon to do what it is for; one that ends meanwhile, or takes too long, fails with the end of its log. */
export async function waitFor(
  what: string,
  daemon: ProcessPaths,
  clock: Clock,
  check: () => Promise<boolean>,
): Promise<void> {
  const until = clock.now() + READY_TIMEOUT_MS;
  while (!(await check())) {
    const ended = runningDaemon(daemon) === undefined;
    if (ended || clock.now() > until) {
      const why = ended ? 'ended' : `is not ready after ${READY_TIMEOUT_MS / 1000} s`;
      throw new ClusterError(`${what} ${why}. The end of ${daemon.log}:\n${logTail(daemon)}`);
    }
    await delay(clock, POLL_MS);
  }
}
