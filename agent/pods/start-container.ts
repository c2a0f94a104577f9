import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, EphemeralContainer, Pod, Service } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import type { AgentContext } from '../context.ts';
import type { PodSandboxConfig } from '../runtime-contract.ts';
import type { ContentSource } from '../volumes/sources.ts';
import type { VolumePaths, Volumes } from '../volumes/volumes.ts';
import { containerConfig } from './container-config.ts';
import { type ContainerEvents, containerEvents } from './container-events.ts';
import { containerEnv } from './env.ts';
import { runHook } from './hooks.ts';
import { podHostname } from './hostname.ts';
import type { Images } from './images.ts';
import { containerDevices, containerMounts } from './mounts.ts';
import type { Allocatable } from './resource-ref.ts';
import type { NodeFacts } from './resources.ts';
import { findContainer, type RuntimePod } from './runtime-pod.ts';
import { verifyRunAsNonRoot } from './security-context.ts';
import { serviceEnv } from './service-env.ts';
import { StartError, type StartReason } from './start-error.ts';

/** What all starts share. */
export interface StartEquipment {
  context: AgentContext;
  recorder: EventRecorder;
  images: Images;
  volumes: Volumes;
  content: ContentSource;
  services: { list(): readonly Service[] };
  node: NodeFacts;
  allocatable: () => Allocatable;
}

export interface StartRequest {
  pod: Pod;
  container: Container;
  runtime: RuntimePod;
  sandboxId: string;
  sandboxConfig: PodSandboxConfig;
  podIPs: readonly string[];
  paths: VolumePaths;
  /** Aborts when the pod is to end. */
  signal: AbortSignal;
  /** Told when the container runs but its postStart hook has not ended, and when it has. */
  hook: (containerId: string, running: boolean) => void;
}

/** Image, configuration, creation, start, postStart hook. Throws StartError. Source: kuberuntime startContainer. */
export async function startContainer(equipment: StartEquipment, request: StartRequest): Promise<void> {
  const { context, recorder, images } = equipment;
  const { pod, container, sandboxConfig, signal } = request;
  const events = containerEvents(recorder, pod, container.name);
  const image = await unlessAborted(images.ensure(pod, container, sandboxConfig, events), signal);
  const config = await failingAs('CreateContainerConfigError', events, async () => {
    verifyRunAsNonRoot(pod, container, image);
    const env = await environment(equipment, request);
    const restartCount = await nextRestartCount(request);
    await mkdir(join(sandboxConfig.logDirectory, container.name), { recursive: true, mode: 0o755 });
    const hostname = podHostname(pod, context.config.clusterDomain);
    const { paths, podIPs } = request;
    // Beside the pods, as kubelet has it below its root.
    const seccompDir = join(dirname(context.config.podsDir), 'seccomp');
    const { volumes } = equipment;
    const { random } = context;
    const mounts = await containerMounts({ pod, container, volumes, paths, env, podIPs, hostname, random });
    return containerConfig({
      pod,
      container,
      restartCount,
      image,
      env,
      mounts,
      devices: containerDevices(container, paths),
      node: equipment.node,
      seccompDir,
      targetId: target(request),
    });
  });
  signal.throwIfAborted();
  const id = await failingAs('CreateContainerError', events, () =>
    context.runtime.createContainer(request.sandboxId, config, sandboxConfig),
  );
  events.normal('Created', 'Container created');
  if (container.lifecycle?.postStart) request.hook(id, true);
  await failingAs('RunContainerError', events, () => context.runtime.startContainer(id));
  events.normal('Started', 'Container started');
  await postStart(equipment, request, id, events);
}

function environment(
  equipment: StartEquipment,
  { pod, container, podIPs, paths }: StartRequest,
): Promise<Map<string, string>> {
  const { context, content, services, allocatable } = equipment;
  const { nodeIPs, nodeName } = context.config;
  const links = pod.spec?.enableServiceLinks ?? true;
  return containerEnv(pod, container, content, {
    podIPs: pod.spec?.hostNetwork ? nodeIPs.slice(0, 1) : podIPs,
    hostIPs: nodeIPs,
    nodeName,
    allocatable: allocatable(),
    services: serviceEnv(services.list(), pod.metadata?.namespace ?? '', links),
    volumes: paths,
  });
}

/** The runtime may have lost the record of earlier instances: their logs still count them. */
async function nextRestartCount({ runtime, container, sandboxConfig }: StartRequest): Promise<number> {
  const last = findContainer(runtime, container.name);
  if (last) return last.restartCount + 1;
  const files = await readdir(join(sandboxConfig.logDirectory, container.name)).catch(() => []);
  const counts = files.map((name) => Number.parseInt(/^(\d+)\.log/.exec(name)?.[1] ?? '', 10));
  return Math.max(-1, ...counts.filter((count) => !Number.isNaN(count))) + 1;
}

function target({ container, runtime }: StartRequest): string | undefined {
  const name = (container as Partial<EphemeralContainer>).targetContainerName;
  if (!name) return undefined;
  const found = findContainer(runtime, name);
  if (found?.state === 'RUNNING') return found.id;
  throw new Error(`unable to find target container "${name}"`);
}

async function postStart(
  { context }: StartEquipment,
  { pod, container, podIPs, signal, hook }: StartRequest,
  containerId: string,
  events: ContainerEvents,
): Promise<void> {
  const handler = container.lifecycle?.postStart;
  if (!handler) return;
  const { runtime, clock } = context;
  const podIP = podIPs[0] ?? context.config.nodeIPs[0]!;
  try {
    const timeoutMs = NO_LIMIT_MS;
    await unlessAborted(
      runHook(runtime, clock, { pod, container, containerId, podIP, handler, timeoutMs, signal }),
      signal,
    );
  } catch (error) {
    if (signal.aborted) return;
    events.warning('FailedPostStartHook', 'PostStartHook failed');
    events.normal('Killing', 'FailedPostStartHook');
    await runtime.stopContainer(containerId, pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS);
    throw new StartError('PostStartHookError', (error as Error).message, { cause: error });
  } finally {
    hook(containerId, false);
  }
}

const DEFAULT_GRACE_SECONDS = 30;
/** A postStart hook may take as long as it likes; a timer holds 2^31 ms at most. */
const NO_LIMIT_MS = 2 ** 31 - 1;

async function failingAs<T>(reason: StartReason, events: ContainerEvents, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    events.warning('Failed', `Error: ${message}`);
    throw error instanceof StartError ? error : new StartError(reason, message, { cause: error });
  }
}

/** What cannot be cancelled is no longer waited for. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
