import { isReason } from '../../../lib/api/status.ts';
import type { Pod } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { Cache, Result } from '../../../lib/client/controller.ts';
import { pods } from '../../../lib/client/resource-type.ts';
import type { Tasks } from '../../../lib/cloud/tasks.ts';
import { isAlive, STARTING_MS } from './plan.ts';

interface Own {
  client: Client;
  tasks: Tasks;
}

type PodRef = { namespace: string; name: string; uid: string };

/** Tasks of a pod that is gone end, and what was kept for them goes too. */
export async function removeOrphan(ref: PodRef, { client, tasks }: Own): Promise<Result | undefined> {
  if (await isThere(client, ref)) return { requeueAfterMs: STARTING_MS };
  const alive = (await tasks.ofPod(ref.uid)).filter(isAlive);
  for (const task of alive) if (task.state !== 'stopping') await tasks.stop(task.id, 'its pod is gone');
  if (alive.length > 0) return { requeueAfterMs: STARTING_MS };
  await tasks.forget(ref.uid);
  return undefined;
}

/** Of pods that were removed while nobody looked. */
export async function sweep(cache: Cache<Pod>, { client, tasks }: Own): Promise<undefined> {
  for (const { id, owner } of await tasks.alive()) {
    const known = cache.get(`${owner.namespace}/${owner.name}`)?.metadata.uid === owner.uid;
    if (!known && !(await isThere(client, owner))) await tasks.stop(id, 'its pod is gone');
  }
}

/** The cache may lag: a pod that it does not know may have just come. */
async function isThere(client: Client, { namespace, name, uid }: PodRef): Promise<boolean> {
  try {
    return (await client.get(pods, { namespace, name })).metadata.uid === uid;
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    return false;
  }
}
