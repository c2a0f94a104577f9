import { containerEnv, type EnvFacts } from '../../../agent/pods/env.ts';
import { expand } from '../../../agent/pods/expansion.ts';
import { isRestartableInit } from '../../../agent/pods/restart-policy.ts';
import type { ContentSource } from '../../../agent/volumes/sources.ts';
import type { Container, Pod, PodSpec } from '../../../lib/api/types.ts';
import type { TaskContainer, TaskSpec } from '../../../lib/cloud/tasks.ts';
import { settings } from './container-refusals.ts';
import { healthCheck } from './health-check.ts';
import { isTokenVolume } from './refusals.ts';
import { containerNeeds, taskSize, units } from './sizes.ts';
import { ARCHITECTURE } from './virtual-node.ts';

/** Source: ContainerDefinition of the ECS API reference: Fargate's longest. */
const MAX_STOP_TIMEOUT_SECONDS = 120;
const MIB_BYTES = 1024 ** 2;
/** Docker's least. An init container reserves no more: it runs before the others, not beside them. */
const LEAST_MEMORY_MIB = 6;

export type EnvContent = Pick<ContentSource, 'configMap' | 'secret'>;

/** The pod as a task. It is one that nothing refuses. Throws StartError for what its environment refers to in vain. */
export async function taskSpec(pod: Pod, content: EnvContent): Promise<TaskSpec> {
  const spec = pod.spec!;
  const size = taskSize(spec)!;
  const allocatable = { cpu: `${size.cpuUnits / 1024}`, memory: `${size.memoryMiB}Mi`, 'ephemeral-storage': '20Gi' };
  // Services have their addresses on nodes only: a task that was told of them would call in vain.
  const facts: EnvFacts = {
    podIPs: [],
    hostIPs: [],
    nodeName: spec.nodeName ?? '',
    allocatable,
    services: new Map(),
    volumes: new Map(),
  };
  const containers: TaskContainer[] = [];
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    containers.push(taskContainer(pod, container, await containerEnv(pod, container, content, facts)));
  }
  return {
    ...size,
    architecture: ARCHITECTURE,
    containers: withSysctls(containers, spec),
    volumes: (spec.volumes ?? []).filter((volume) => !isTokenVolume(volume)).map(({ name }) => name),
    ...(spec.shareProcessNamespace && { shareProcesses: true }),
  };
}

function taskContainer(pod: Pod, container: Container, environment: Map<string, string>): TaskContainer {
  const spec = pod.spec!;
  const { command, args, workingDir, tty, stdin, ports, name, image = '' } = container;
  const expanded = (texts: readonly string[]) => texts.map((text) => expand(text, environment));
  const isInit = spec.initContainers?.includes(container) ?? false;
  const graceSeconds = spec.terminationGracePeriodSeconds ?? 30;
  const check = healthCheck(container);
  return {
    name,
    image,
    essential: !isInit,
    ...(command?.length && { entryPoint: expanded(command) }),
    ...(args?.length && { command: expanded(args) }),
    ...(workingDir && { workingDir }),
    environment,
    ports: (ports ?? []).map(({ containerPort, protocol }) => ({
      port: containerPort,
      protocol: protocol === 'UDP' ? 'udp' : 'tcp',
    })),
    ...security(container, spec),
    mounts: mounts(container, spec),
    dependsOn: dependencies(container, spec),
    stopTimeoutSeconds: Math.min(MAX_STOP_TIMEOUT_SECONDS, Math.max(1, graceSeconds)),
    ...resources(container, isInit && !isRestartableInit(container)),
    ...(check && { healthCheck: check }),
    ...(isInit && isRestartableInit(container) && { restarts: true }),
    ...(tty && { tty }),
    ...(stdin && { stdin }),
  };
}

function security(container: Container, spec: PodSpec): Partial<TaskContainer> {
  const { runAsUser, runAsGroup } = settings(container, spec);
  const { readOnlyRootFilesystem, capabilities } = container.securityContext ?? {};
  const bare = (names: readonly string[]) => names.map((name) => name.replace(/^CAP_/, ''));
  const group = runAsGroup === undefined ? '' : `:${runAsGroup}`;
  return {
    ...((runAsUser !== undefined || group) && { user: `${runAsUser ?? 0}${group}` }),
    ...(readOnlyRootFilesystem && { readOnlyRoot: true }),
    ...(capabilities?.add?.length && { addCapabilities: bare(capabilities.add) }),
    ...(capabilities?.drop?.length && { dropCapabilities: bare(capabilities.drop) }),
  };
}

/** What they set holds for the whole network namespace. */
function withSysctls([first, ...others]: readonly TaskContainer[], { securityContext }: PodSpec): TaskContainer[] {
  const sysctls = securityContext?.sysctls ?? [];
  return [sysctls.length ? { ...first!, sysctls } : first!, ...others];
}

function mounts({ volumeMounts }: Container, { volumes }: PodSpec): TaskContainer['mounts'] {
  const leftOut = new Set(volumes?.filter(isTokenVolume).map(({ name }) => name));
  return (volumeMounts ?? [])
    .filter(({ name }) => !leftOut.has(name))
    .map(({ name, mountPath, readOnly }) => ({ volume: name, path: mountPath, readOnly: readOnly ?? false }));
}

/** Init containers one after the other, each to its end; sidecars in their turn, until they have started; then all others. */
function dependencies(container: Container, { initContainers = [] }: PodSpec): TaskContainer['dependsOn'] {
  const at = initContainers.indexOf(container);
  const before = at < 0 ? initContainers : initContainers.slice(0, at);
  return before.map((other) => {
    if (!isRestartableInit(other)) return { name: other.name, condition: 'SUCCESS' };
    return { name: other.name, condition: other.startupProbe ? 'HEALTHY' : 'START' };
  });
}

/** All that containers of a task reserve must fit into it together. */
function resources(container: Container, isInit: boolean): Partial<TaskContainer> {
  const needs = containerNeeds(container);
  const { limits, requests } = container.resources ?? {};
  const memory = needs.get('memory') ?? 0;
  const limitMiB = Math.max(LEAST_MEMORY_MIB, Math.floor(memory / MIB_BYTES));
  const reservedMiB = isInit ? LEAST_MEMORY_MIB : limitMiB;
  return {
    ...(!isInit && needs.get('cpu') && { cpuUnits: units(needs.get('cpu')!) }),
    ...(limits?.['memory'] !== undefined && { memoryLimitMiB: limitMiB, memoryReservationMiB: reservedMiB }),
    ...(limits?.['memory'] === undefined &&
      requests?.['memory'] !== undefined && { memoryReservationMiB: reservedMiB }),
  };
}
