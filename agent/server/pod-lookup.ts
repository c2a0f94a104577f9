import type { Pod } from '../../lib/api/types.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../pods/labels.ts';
import type { Container } from '../runtime-contract.ts';
import { HttpError } from './http-error.ts';
import type { ServerContext } from './server.ts';

export function findPod({ pods }: ServerContext, namespace: string, name: string): Pod | undefined {
  return pods.get(`${namespace}/${name}`);
}

/** The container of this name that runs, or else the newest. */
export async function findContainer(context: ServerContext, pod: Pod, name: string): Promise<Container> {
  const labels = { [POD_UID_LABEL]: pod.metadata?.uid ?? '', [CONTAINER_NAME_LABEL]: name };
  const containers = await context.runtime.listContainers({ labels });
  const newest = containers.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const found = newest.find((container) => container.state === 'RUNNING') ?? newest[0];
  if (!found) throw new HttpError(500, `container not found ("${name}")`);
  return found;
}

export function hasContainer(pod: Pod, name: string): boolean {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [...containers, ...initContainers, ...ephemeralContainers].some((container) => container.name === name);
}
