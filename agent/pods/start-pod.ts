import { mkdir } from 'node:fs/promises';
import type { Pod, RuntimeClass } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { resourceType } from '../../lib/client/resource-type.ts';
import type { AgentConfig } from '../context.ts';
import { type PodSandboxConfig, RuntimeError } from '../runtime-contract.ts';
import type { VolumePaths } from '../volumes/volumes.ts';
import { podReference } from './container-events.ts';
import type { PodEquipment } from './equipment.ts';
import type { Plan, Start } from './plan.ts';
import { removeDeadContainers } from './remove-pod.ts';
import { type RuntimePod, readySandboxes } from './runtime-pod.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { startContainer } from './start-container.ts';
import { StartError } from './start-error.ts';

export interface PodStart {
  pod: Pod;
  runtime: RuntimePod;
  plan: Plan;
  starts: readonly Start[];
  signal: AbortSignal;
  /** Something worth reporting happened. */
  changed: () => void;
  volumesReady: (paths: VolumePaths) => void;
  beforeContainer: (name: string) => void;
  containerStarted: (name: string) => void;
  containerFailed: (name: string, error: StartError) => void;
  hook: (containerId: string, running: boolean) => void;
}

interface Sandbox {
  id: string;
  config: PodSandboxConfig;
  podIPs: readonly string[];
}

/** Volumes, sandbox, containers: what is due of a pod, one after the other. Source: kubelet SyncPod. */
export async function startPod(equipment: PodEquipment, start: PodStart): Promise<void> {
  const { pod, runtime, plan, signal } = start;
  const known = podIPsOf(pod, runtime, equipment.context.config);
  const paths = await mountVolumes(equipment, pod, known);
  start.volumesReady(paths);
  signal.throwIfAborted();
  const sandbox =
    plan.createSandbox === undefined
      ? { id: plan.sandboxId!, config: configOf(equipment, pod, runtime.sandboxes[0]!.metadata.attempt), podIPs: known }
      : await createSandbox(equipment, pod, runtime, plan.createSandbox);
  if (plan.createSandbox !== undefined) start.changed();
  await startContainers(equipment, start, sandbox, paths);
}

async function mountVolumes(equipment: PodEquipment, pod: Pod, podIPs: readonly string[]): Promise<VolumePaths> {
  try {
    equipment.references.follow(pod);
    return await equipment.setUpVolumes(pod, podIPs);
  } catch (error) {
    equipment.recorder.warning(
      podReference(pod),
      'FailedMount',
      error instanceof Error ? error.message : String(error),
    );
    throw error;
  }
}

async function createSandbox(
  equipment: PodEquipment,
  pod: Pod,
  runtime: RuntimePod,
  attempt: number,
): Promise<Sandbox> {
  const { context, recorder, cgroups } = equipment;
  try {
    for (const { id } of readySandboxes(runtime)) await context.runtime.stopPodSandbox(id);
    const config = configOf(equipment, pod, attempt);
    await Promise.all([mkdir(config.logDirectory, { recursive: true, mode: 0o755 }), cgroups.setUp(pod)]);
    const id = await context.runtime.runPodSandbox(config, await runtimeHandler(context.client, pod));
    const status = await context.runtime.podSandboxStatus(id);
    const podIPs = pod.spec?.hostNetwork ? context.config.nodeIPs.slice(0, 1) : (status?.ips ?? []);
    return { id, config, podIPs };
  } catch (error) {
    recorder.warning(
      podReference(pod),
      'FailedCreatePodSandBox',
      `Failed to create pod sandbox: ${sandboxFault(error)}`,
    );
    throw error;
  }
}

/** A fault of the runtime as gRPC's client for Go prints it: `no runtime for "x" is configured` comes so. */
function sandboxFault(error: unknown): string {
  if (error instanceof RuntimeError) return `rpc error: code = ${error.code} desc = ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** The runtime that the pod's RuntimeClass names; the default one without (KEP-585). */
async function runtimeHandler(client: Client, { spec }: Pod): Promise<string> {
  const name = spec?.runtimeClassName;
  return name ? (await client.get(runtimeClasses, { name })).handler : '';
}

const runtimeClasses = resourceType<RuntimeClass>('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', false);

function configOf(equipment: PodEquipment, pod: Pod, attempt: number): PodSandboxConfig {
  return sandboxConfig(pod, attempt, equipment.context.config, equipment.nodeDns);
}

async function startContainers(equipment: PodEquipment, start: PodStart, sandbox: Sandbox, paths: VolumePaths) {
  const { pod, runtime, signal } = start;
  for (const { container, kind } of start.starts) {
    signal.throwIfAborted();
    start.beforeContainer(container.name);
    try {
      await startContainer(equipment, {
        pod,
        container,
        runtime,
        sandboxId: sandbox.id,
        sandboxConfig: sandbox.config,
        podIPs: sandbox.podIPs,
        paths,
        signal,
        hook: start.hook,
      });
      start.containerStarted(container.name);
      await removeDeadContainers(equipment.context.runtime, runtime, container.name);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      start.containerFailed(container.name, error);
      // An init container that cannot start holds up all that follow it.
      if (kind === 'init') return;
    }
    start.changed();
  }
}

export function podIPsOf(pod: Pod, runtime: RuntimePod, config: Pick<AgentConfig, 'nodeIPs'>): readonly string[] {
  if (pod.spec?.hostNetwork) return config.nodeIPs.slice(0, 1);
  const [newest] = readySandboxes(runtime);
  return newest?.ips ?? [];
}
