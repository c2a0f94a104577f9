import { rm } from 'node:fs/promises';
import type { AgentContext } from '../context.ts';
import type { Runtime } from '../runtime-contract.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { Cgroups } from './cgroups.ts';
import { podLogsFolder } from './paths.ts';
import type { RuntimePod } from './runtime-pod.ts';

/** Of one container the running instance and the one before it are kept: its logs are what people ask for. */
const KEPT_DEAD = 1;

interface Removal {
  context: AgentContext;
  volumes: Volumes;
  cgroups: Cgroups;
}

/** Removes all that is left of a pod that has ended. */
export async function removePod({ context, volumes, cgroups }: Removal, runtime: RuntimePod): Promise<void> {
  for (const { id } of runtime.containers) await context.runtime.removeContainer(id);
  for (const { id } of runtime.sandboxes) await context.runtime.removePodSandbox(id);
  await volumes.tearDown(runtime.uid);
  await cgroups.tearDown(runtime.uid);
  await rm(podLogsFolder(context.config.logsDir, runtime), { recursive: true, force: true });
}

/** Earlier instances than the last one, once a new one runs. Source: kuberuntime_gc.go, MaxPerPodContainer 1. */
export async function removeDeadContainers(runtime: Runtime, pod: RuntimePod, name: string): Promise<void> {
  const dead = pod.containers.filter((container) => container.name === name && container.state === 'EXITED');
  for (const { id } of dead.slice(KEPT_DEAD)) await runtime.removeContainer(id);
}
