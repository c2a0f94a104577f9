import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { Pod } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { pods } from '../../lib/client/resource-type.ts';
import { ownerKind } from './cluster.ts';

const MIRROR_POD = 'kubernetes.io/config.mirror';

/** Pods that have to leave a node before it ends: a DaemonSet's and static ones belong to it. */
export function leaving(all: readonly Stored<Pod>[]): Stored<Pod>[] {
  return all.filter((pod) => !ownerKind(pod, 'DaemonSet') && pod.metadata.annotations?.[MIRROR_POD] === undefined);
}

/** As PodDisruptionBudgets allow: one that refuses is asked again at the next look. */
export async function evict(client: Client, { metadata }: Stored<Pod>): Promise<void> {
  const { namespace, name, uid } = metadata;
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await client.createSubresource(pods, { namespace, name: name! }, 'eviction', body);
  } catch (error) {
    if (!isReason(error, 'TooManyRequests', 'NotFound', 'Conflict')) throw error;
  }
}
