import type * as runtime from '../runtime-contract.ts';
import { type Connection, orUndefined, REQUEST_TIMEOUT_MS } from './connection.ts';
import * as convert from './convert.ts';
import * as cri from './cri/api.ts';
import { toSandboxConfig } from './sandbox-calls.ts';

type ContainerCalls = Pick<
  runtime.Runtime,
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'containerStatus'
  | 'listContainers'
  | 'updateContainerResources'
  | 'reopenContainerLog'
>;

const methods = cri.RuntimeServiceDefinition.methods;

export function containerCalls(connection: Connection): ContainerCalls {
  return {
    async createContainer(podSandboxId, config, sandboxConfig) {
      const request = { podSandboxId, config: toConfig(config), sandboxConfig: toSandboxConfig(sandboxConfig) };
      return (await connection.call(methods.createContainer, request)).containerId ?? '';
    },
    async startContainer(containerId) {
      await connection.call(methods.startContainer, { containerId });
    },
    async stopContainer(containerId, timeoutSeconds) {
      const request = { containerId, timeout: BigInt(timeoutSeconds) };
      const timeoutMs = timeoutSeconds * 1_000 + REQUEST_TIMEOUT_MS;
      await orUndefined(connection.call(methods.stopContainer, request, timeoutMs));
    },
    async removeContainer(containerId) {
      await orUndefined(connection.call(methods.removeContainer, { containerId }));
    },
    async containerStatus(containerId) {
      const answer = await orUndefined(connection.call(methods.containerStatus, { containerId }));
      return answer?.status && fromStatus(answer.status);
    },
    async listContainers(filter) {
      const answer = await connection.call(methods.listContainers, { filter: toFilter(filter) });
      return (answer.containers ?? []).map(fromContainer);
    },
    async updateContainerResources(containerId, resources) {
      const request = { containerId, linux: convert.toResources(resources) };
      await connection.call(methods.updateContainerResources, request);
    },
    async reopenContainerLog(containerId) {
      await connection.call(methods.reopenContainerLog, { containerId });
    },
  };
}

function toFilter(filter: runtime.ContainerFilter = {}): cri.ContainerFilter {
  return {
    id: filter.id,
    podSandboxId: filter.podSandboxId,
    state: filter.state && { state: convert.containerStates[filter.state] },
    labelSelector: filter.labels,
  };
}

function toConfig(config: runtime.ContainerConfig): cri.ContainerConfig {
  const { userSpecifiedImage, linux, mounts, image, envs, ...same } = config;
  return {
    ...same,
    image: { image, userSpecifiedImage },
    envs: envs.map(({ key, value }) => ({ key, value: Buffer.from(value) })),
    mounts: mounts.map(({ propagation, ...mount }) => ({
      ...mount,
      propagation: propagation && convert.propagations[propagation],
    })),
    linux: {
      resources: convert.toResources(linux.resources),
      securityContext: toSecurityContext(linux.securityContext),
    },
  };
}

function toSecurityContext(context: runtime.LinuxContainerSecurityContext): cri.LinuxContainerSecurityContext {
  return {
    ...context,
    namespaceOptions: convert.toNamespaces(context.namespaceOptions),
    runAsUser: convert.int64(context.runAsUser),
    runAsGroup: convert.int64(context.runAsGroup),
    supplementalGroups: context.supplementalGroups?.map(BigInt),
    seccomp: convert.toProfile(context.seccomp),
    apparmor: convert.toProfile(context.apparmor),
  };
}

function fromContainer(container: cri.Container): runtime.Container {
  return {
    id: container.id ?? '',
    podSandboxId: container.podSandboxId ?? '',
    metadata: { name: container.metadata?.name ?? '', attempt: container.metadata?.attempt ?? 0 },
    image: container.image?.image ?? '',
    imageRef: container.imageRef ?? '',
    state: convert.word(convert.containerStates, container.state, 'UNKNOWN'),
    createdAtMs: convert.milliseconds(container.createdAt),
    labels: container.labels ?? {},
    annotations: container.annotations ?? {},
  };
}

function fromStatus(status: cri.ContainerStatus): runtime.ContainerStatus {
  const { podSandboxId: _, ...same } = fromContainer(status);
  return {
    ...same,
    startedAtMs: convert.milliseconds(status.startedAt),
    finishedAtMs: convert.milliseconds(status.finishedAt),
    exitCode: status.exitCode ?? 0,
    reason: status.reason ?? '',
    message: status.message ?? '',
    mounts: (status.mounts ?? []).map(fromMount),
    logPath: status.logPath ?? '',
  };
}

function fromMount(mount: cri.Mount): runtime.Mount {
  return {
    containerPath: mount.containerPath ?? '',
    hostPath: mount.hostPath ?? '',
    readonly: mount.readonly ?? false,
    propagation: convert.word(convert.propagations, mount.propagation, 'PRIVATE'),
  };
}
