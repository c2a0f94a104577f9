import type { Stored } from '../api/object.ts';
import type { Pod } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { evict, leaving } from '../client/evict.ts';
import { nodes, pods } from '../client/resource-type.ts';
import { eachBounded } from '../runtime/bounded.ts';
import { type Clock, delay } from '../runtime/clock.ts';
import { ClusterError } from './error.ts';

const POLL_MS = 250;
const MAX_IN_FLIGHT = 16;

export interface DrainOptions {
  /** End pods too that nobody will start elsewhere. */
  force: boolean;
  timeoutMs: number;
}

/**
 * Keeps new pods off a node and moves those on it elsewhere, as PodDisruptionBudgets allow. DaemonSets' pods and static ones stay: they
 * belong to the node. As `kubectl drain` does.
 */
export async function drain(client: Client, node: string, options: DrainOptions, clock: Clock): Promise<void> {
  await client.patch(nodes, { name: node }, { type: 'merge', body: { spec: { unschedulable: true } } });
  const bare = (await evictable(client, node)).filter(
    ({ metadata }) => !metadata.ownerReferences?.some((o) => o.controller),
  );
  if (bare.length > 0 && !options.force) {
    await client.patch(nodes, { name: node }, { type: 'merge', body: { spec: { unschedulable: null } } });
    const names = bare.map(nameOf).join(', ');
    throw new ClusterError(`pods that nobody would start elsewhere run on ${node}: ${names}. --force ends them`);
  }
  const until = clock.now() + options.timeoutMs;
  for (;;) {
    const left = await evictable(client, node);
    if (left.length === 0) return;
    if (clock.now() > until)
      throw new ClusterError(
        `${node} stays cordoned: these pods did not leave it in time: ${left.map(nameOf).join(', ')}`,
      );
    await eachBounded(
      left.filter(({ metadata }) => !metadata.deletionTimestamp),
      MAX_IN_FLIGHT,
      (pod) => evict(client, pod),
    );
    await delay(clock, POLL_MS);
  }
}

/** What a drain has to move. */
async function evictable(client: Client, node: string): Promise<Stored<Pod>[]> {
  const { items } = await client.list(pods, { fieldSelector: `spec.nodeName=${node}` });
  return leaving(items);
}

function nameOf({ metadata }: Stored<Pod>): string {
  return `${metadata.namespace}/${metadata.name}`;
}
