import { join } from 'node:path';
import type { Container, Pod, SeccompProfile, SecurityContext } from '../../lib/api/types.ts';
import type {
  Image,
  LinuxContainerSecurityContext,
  LinuxSandboxSecurityContext,
  NamespaceOptions,
  SecurityProfile,
} from '../runtime-contract.ts';
import { configError } from './start-error.ts';

/** pkg/securitycontext DefaultMaskedPaths and ReadonlyPaths. */
const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The runtime's default for pid would be the pod's. */
export function namespaceOptions(pod: Pod): NamespaceOptions {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec ?? {};
  return {
    network: hostNetwork ? 'NODE' : 'POD',
    pid: hostPID ? 'NODE' : shareProcessNamespace ? 'POD' : 'CONTAINER',
    ipc: hostIPC ? 'NODE' : 'POD',
  };
}

export function sandboxSecurityContext(pod: Pod): LinuxSandboxSecurityContext {
  const { runAsUser, runAsGroup } = pod.spec?.securityContext ?? {};
  return {
    namespaceOptions: namespaceOptions(pod),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: supplementalGroups(pod),
    privileged: hasPrivileged(pod),
    seccomp: { profileType: 'RuntimeDefault' },
  };
}

function supplementalGroups(pod: Pod): number[] {
  const { fsGroup, supplementalGroups: groups = [] } = pod.spec?.securityContext ?? {};
  return [...(fsGroup === undefined ? [] : [fsGroup]), ...groups];
}

function hasPrivileged(pod: Pod): boolean {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? { containers: [] };
  return [...containers, ...initContainers, ...ephemeralContainers].some((one) => one.securityContext?.privileged);
}

/** A container's own settings before the pod's. Source: kuberuntime/security_context.go. */
export function containerSecurityContext(
  pod: Pod,
  container: Container,
  image: Image | undefined,
  seccompDir: string,
): LinuxContainerSecurityContext {
  const own = container.securityContext ?? {};
  const merged = { ...pick(pod.spec?.securityContext), ...pick(own) };
  const unmasked = own.procMount === 'Unmasked';
  return {
    ...(own.capabilities ? { capabilities: capabilities(own) } : {}),
    privileged: own.privileged ?? false,
    namespaceOptions: namespaceOptions(pod),
    ...user(merged.runAsUser, image),
    ...(merged.runAsGroup === undefined ? {} : { runAsGroup: merged.runAsGroup }),
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    supplementalGroups: supplementalGroups(pod),
    noNewPrivs: own.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : MASKED_PATHS,
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    seccomp: seccomp(own.privileged ? undefined : merged.seccompProfile, seccompDir),
  };
}

type Shared = Pick<SecurityContext, 'runAsUser' | 'runAsGroup' | 'runAsNonRoot' | 'seccompProfile'>;

function pick(context: Shared | undefined): Shared {
  const shared: Shared = {};
  if (context?.runAsUser !== undefined) shared.runAsUser = context.runAsUser;
  if (context?.runAsGroup !== undefined) shared.runAsGroup = context.runAsGroup;
  if (context?.runAsNonRoot !== undefined) shared.runAsNonRoot = context.runAsNonRoot;
  if (context?.seccompProfile !== undefined) shared.seccompProfile = context.seccompProfile;
  return shared;
}

function capabilities({ capabilities: wanted }: SecurityContext) {
  return { addCapabilities: wanted?.add ?? [], dropCapabilities: wanted?.drop ?? [] };
}

function user(runAsUser: number | undefined, image: Image | undefined): { runAsUser?: number; runAsUsername?: string } {
  if (runAsUser !== undefined) return { runAsUser };
  if (image?.uid !== undefined) return { runAsUser: image.uid };
  return image?.username ? { runAsUsername: image.username } : {};
}

/** Without a profile there is none: kubelet's default too. Profiles of the node's own lie in one folder. */
function seccomp(profile: SeccompProfile | undefined, folder: string): SecurityProfile {
  if (!profile) return { profileType: 'Unconfined' };
  const profileType = profile.type as SecurityProfile['profileType'];
  const { localhostProfile } = profile;
  return localhostProfile ? { profileType, localhostRef: join(folder, localhostProfile) } : { profileType };
}

/** Throws CreateContainerConfigError when the container could run as root against its will. Source: verifyRunAsNonRoot. */
export function verifyRunAsNonRoot(pod: Pod, container: Container, image: Image | undefined): void {
  const { runAsNonRoot, runAsUser } = { ...pick(pod.spec?.securityContext), ...pick(container.securityContext) };
  if (!runAsNonRoot) return;
  const where = `(pod: "${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})", container: ${container.name})`;
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw configError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image?.uid === 0) throw configError(`container has runAsNonRoot and image will run as root ${where}`);
  if (image?.uid === undefined && image?.username)
    throw configError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  if (image?.uid === undefined) throw configError(`container has runAsNonRoot and image will run as root ${where}`);
}
