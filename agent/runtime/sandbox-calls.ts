import type * as runtime from '../runtime-contract.ts';
import { type Connection, orUndefined } from './connection.ts';
import * as convert from './convert.ts';
import * as cri from './cri/api.ts';

type SandboxCalls = Pick<
  runtime.Runtime,
  'runPodSandbox' | 'stopPodSandbox' | 'removePodSandbox' | 'podSandboxStatus' | 'listPodSandboxes'
>;

const methods = cri.RuntimeServiceDefinition.methods;
/** Kubelet doubles its timeout for what waits for the network's plugins. */
const RUN_TIMEOUT_MS = 240_000;

export function sandboxCalls(connection: Connection): SandboxCalls {
  return {
    async runPodSandbox(config, runtimeHandler = '') {
      const request = { config: toSandboxConfig(config), runtimeHandler };
      return (await connection.call(methods.runPodSandbox, request, RUN_TIMEOUT_MS)).podSandboxId ?? '';
    },
    async stopPodSandbox(podSandboxId) {
      await orUndefined(connection.call(methods.stopPodSandbox, { podSandboxId }));
    },
    async removePodSandbox(podSandboxId) {
      await orUndefined(connection.call(methods.removePodSandbox, { podSandboxId }));
    },
    async podSandboxStatus(podSandboxId) {
      const answer = await orUndefined(connection.call(methods.podSandboxStatus, { podSandboxId }));
      return answer?.status && fromStatus(answer.status);
    },
    async listPodSandboxes(filter) {
      const answer = await connection.call(methods.listPodSandbox, { filter: toFilter(filter) });
      return (answer.items ?? []).map(fromSandbox);
    },
  };
}

function toFilter(filter: runtime.SandboxFilter = {}): cri.PodSandboxFilter {
  return {
    id: filter.id,
    state: filter.state && { state: convert.sandboxStates[filter.state] },
    labelSelector: filter.labels,
  };
}

export function toSandboxConfig(config: runtime.PodSandboxConfig): cri.PodSandboxConfig {
  return {
    ...config,
    portMappings: config.portMappings?.map((p) => ({ ...p, protocol: cri.Protocol[p.protocol] })),
    linux: {
      ...config.linux,
      securityContext: toSecurityContext(config.linux.securityContext),
      overhead: convert.toResources(config.linux.overhead),
      resources: convert.toResources(config.linux.resources),
    },
  };
}

function toSecurityContext(context: runtime.LinuxSandboxSecurityContext): cri.LinuxSandboxSecurityContext {
  return {
    namespaceOptions: convert.toNamespaces(context.namespaceOptions),
    runAsUser: convert.int64(context.runAsUser),
    runAsGroup: convert.int64(context.runAsGroup),
    readonlyRootfs: context.readonlyRootfs,
    supplementalGroups: context.supplementalGroups?.map(BigInt),
    privileged: context.privileged,
    seccomp: convert.toProfile(context.seccomp),
    apparmor: convert.toProfile(context.apparmor),
  };
}

function fromSandbox(sandbox: cri.PodSandbox): runtime.PodSandbox {
  const { name = '', uid = '', namespace = '', attempt = 0 } = sandbox.metadata ?? {};
  return {
    id: sandbox.id ?? '',
    metadata: { name, uid, namespace, attempt },
    state: convert.word(convert.sandboxStates, sandbox.state, 'NOTREADY'),
    createdAtMs: convert.milliseconds(sandbox.createdAt),
    labels: sandbox.labels ?? {},
    annotations: sandbox.annotations ?? {},
    ...(sandbox.runtimeHandler ? { runtimeHandler: sandbox.runtimeHandler } : {}),
  };
}

function fromStatus(status: cri.PodSandboxStatus): runtime.PodSandboxStatus {
  const ips = [status.network?.ip, ...(status.network?.additionalIps ?? []).map((a) => a.ip)];
  const mode = status.linux?.namespaces?.options?.network;
  return {
    ...fromSandbox(status),
    ips: ips.filter((ip) => ip !== undefined && ip !== '') as string[],
    network: convert.word(convert.namespaceModes, mode, 'POD'),
  };
}
