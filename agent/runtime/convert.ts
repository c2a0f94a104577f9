/** Between the agent's plain types and CRI's generated ones: enums as words, numbers for 64-bit integers, milliseconds. */
import type * as runtime from '../runtime-contract.ts';
import * as cri from './cri/api.ts';

type Words<W extends string, N> = Readonly<Record<W, N>>;

/** The word whose number this is. */
export function word<W extends string>(words: Words<W, number>, value: number | undefined, otherwise: W): W {
  for (const key in words) if (words[key] === value) return key;
  return otherwise;
}

export const namespaceModes: Words<runtime.NamespaceMode, cri.NamespaceMode> = {
  POD: cri.NamespaceMode.POD,
  CONTAINER: cri.NamespaceMode.CONTAINER,
  NODE: cri.NamespaceMode.NODE,
  TARGET: cri.NamespaceMode.TARGET,
};

export const sandboxStates: Words<runtime.PodSandboxState, cri.PodSandboxState> = {
  READY: cri.PodSandboxState.SANDBOX_READY,
  NOTREADY: cri.PodSandboxState.SANDBOX_NOTREADY,
};

export const containerStates: Words<runtime.ContainerState, cri.ContainerState> = {
  CREATED: cri.ContainerState.CONTAINER_CREATED,
  RUNNING: cri.ContainerState.CONTAINER_RUNNING,
  EXITED: cri.ContainerState.CONTAINER_EXITED,
  UNKNOWN: cri.ContainerState.CONTAINER_UNKNOWN,
};

export const propagations = {
  PRIVATE: cri.MountPropagation.PROPAGATION_PRIVATE,
  HOST_TO_CONTAINER: cri.MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  BIDIRECTIONAL: cri.MountPropagation.PROPAGATION_BIDIRECTIONAL,
} as const;

const NANOSECONDS_PER_MS = 1_000_000n;

/** Nanoseconds since the epoch → milliseconds; absent stays 0. */
export function milliseconds(nanoseconds: bigint | undefined): number {
  return Number((nanoseconds ?? 0n) / NANOSECONDS_PER_MS);
}

export function int64(value: number | undefined): { value: bigint } | undefined {
  return value === undefined ? undefined : { value: BigInt(value) };
}

function big(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(Math.trunc(value));
}

export function count(value: { value?: bigint | undefined } | undefined): number | undefined {
  return value?.value === undefined ? undefined : Number(value.value);
}

/** The object without its undefined fields, as exactOptionalPropertyTypes asks for. */
export function present<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}

export function toNamespaces(options: runtime.NamespaceOptions): cri.NamespaceOption {
  return {
    network: namespaceModes[options.network],
    pid: namespaceModes[options.pid],
    ipc: namespaceModes[options.ipc],
    targetId: options.targetId,
  };
}

export function toProfile(profile: runtime.SecurityProfile | undefined): cri.SecurityProfile | undefined {
  return profile && { ...profile, profileType: cri.SecurityProfile_ProfileType[profile.profileType] };
}

export function toResources(
  resources: runtime.LinuxContainerResources | undefined,
): cri.LinuxContainerResources | undefined {
  return (
    resources && {
      cpuPeriod: big(resources.cpuPeriod),
      cpuQuota: big(resources.cpuQuota),
      cpuShares: big(resources.cpuShares),
      memoryLimitInBytes: big(resources.memoryLimitInBytes),
      memorySwapLimitInBytes: big(resources.memorySwapLimitInBytes),
      oomScoreAdj: big(resources.oomScoreAdj),
      cpusetCpus: resources.cpusetCpus,
      cpusetMems: resources.cpusetMems,
      hugepageLimits: resources.hugepageLimits?.map((h) => ({ pageSize: h.pageSize, limit: BigInt(h.limit) })),
      unified: resources.unified,
    }
  );
}

export function fromFilesystem(usage: cri.FilesystemUsage): runtime.FilesystemUsage {
  return {
    timestampMs: milliseconds(usage.timestamp),
    mountpoint: usage.fsId?.mountpoint ?? '',
    usedBytes: count(usage.usedBytes) ?? 0,
    inodesUsed: count(usage.inodesUsed) ?? 0,
  };
}
