import type { Stored } from '../api/object.ts';
import { isMirrorPod } from '../api/pod-references.ts';
import { isReason } from '../api/status.ts';
import type { Pod } from '../api/types.ts';
import type { Client } from './client.ts';
import { pods } from './resource-type.ts';

/** Pods that have to leave a node before it ends: a DaemonSet's and static ones belong to it. */
export function leaving(all: readonly Stored<Pod>[]): Stored<Pod>[] {
  return all.filter((pod) => !isOfDaemonSet(pod) && !isMirrorPod(pod));
}

function isOfDaemonSet({ metadata }: Stored<Pod>): boolean {
  return metadata.ownerReferences?.some(({ kind, controller }) => controller && kind === 'DaemonSet') ?? false;
}

/** As PodDisruptionBudgets allow: one that refuses is asked again at the next look. */
export async function evict(client: Client, { metadata }: Stored<Pod>): Promise<void> {
  const { namespace, name, uid } = metadata;
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await client.createSubresource(pods, { namespace, name: name! }, 'eviction', eviction);
  } catch (error) {
    if (!isReason(error, 'TooManyRequests', 'NotFound', 'Conflict')) throw error;
  }
}
