import { duplicateValue, invalidValue, notSupported, required, tooLong } from '../../../../lib/api/causes.ts';
import { userId } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '../../../../lib/api/types.ts';
import { checkOneOf } from '../check.ts';
import { checkLocalDescendingPath } from './paths.ts';
import { checkWindowsOptions } from './windows.ts';

/** Source: validatePodSpecSecurityContext in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkPodSecurityContext(
  causes: Cause[],
  context: PodSecurityContext | undefined,
  spec: PodSpec,
  path: string,
): void {
  if (!context) return;
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const)
    checkId(causes, context[field], `${path}.${field}`);
  context.supplementalGroups?.forEach((group, i) => {
    checkId(causes, group, `${path}.supplementalGroups[${i}]`);
  });
  checkSysctls(causes, context, spec, `${path}.sysctls`);
  if (context.fsGroupChangePolicy !== undefined) {
    checkOneOf(causes, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
  }
  checkSeccomp(causes, context.seccompProfile, `${path}.seccompProfile`);
  checkAppArmor(causes, context.appArmorProfile, `${path}.appArmorProfile`);
  if (context.supplementalGroupsPolicy !== undefined) {
    checkOneOf(causes, `${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']);
  }
  if (context.seLinuxChangePolicy !== undefined) {
    checkOneOf(causes, `${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['MountOption', 'Recursive']);
  }
  checkWindowsOptions(causes, context.windowsOptions, `${path}.windowsOptions`);
}

function checkId(causes: Cause[], id: number | undefined, field: string): void {
  if (id === undefined) return;
  for (const fault of userId(id)) causes.push(invalidValue(field, id, fault));
}

const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const SYSCTL_TEXT = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const SYSCTL_MAX = 253;

function checkSysctls(causes: Cause[], context: PodSecurityContext, spec: PodSpec, path: string): void {
  const seen = new Set<string>();
  context.sysctls?.forEach(({ name }, i) => {
    const field = `${path}[${i}].name`;
    if (!name) causes.push(required(field));
    else if (name.length > SYSCTL_MAX || !SYSCTL.test(name)) {
      const why = `must have at most ${SYSCTL_MAX} characters and match regex ${SYSCTL_TEXT}`;
      causes.push(invalidValue(field, name, why));
    } else if (seen.has(name)) causes.push(duplicateValue(field, name));
    seen.add(name);
    checkHostSysctl(causes, name ?? '', spec, field);
  });
}

function checkHostSysctl(causes: Cause[], name: string, spec: PodSpec, field: string): void {
  const dotted = name.replaceAll('/', '.');
  if (spec.hostNetwork && dotted.startsWith('net.')) {
    causes.push(invalidValue(field, name, "may not be specified when 'hostNetwork' is true"));
  } else if (spec.hostIPC && /^(?:kernel\.(?:sem|shm|msg)|fs\.mqueue\.)/.test(dotted)) {
    causes.push(invalidValue(field, name, "may not be specified when 'hostIPC' is true"));
  }
}

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function checkSeccomp(causes: Cause[], profile: SeccompProfile | undefined, path: string): void {
  if (!profile) return;
  const { type, localhostProfile } = profile;
  if (!type) causes.push(required(`${path}.type`, 'type is required when seccompProfile is set'));
  else if (!PROFILE_TYPES.includes(type)) causes.push(notSupported(`${path}.type`, type, PROFILE_TYPES));
  const field = `${path}.localhostProfile`;
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return;
    causes.push(invalidValue(field, profile, 'can only be set when seccomp type is Localhost'));
  } else if (localhostProfile === undefined) {
    causes.push(required(field, 'must be set when seccomp type is Localhost'));
  } else checkLocalDescendingPath(causes, localhostProfile, field);
}

const PATH_MAX = 4095;

function checkAppArmor(causes: Cause[], profile: AppArmorProfile | undefined, path: string): void {
  if (!profile) return;
  const { type, localhostProfile: local } = profile;
  const field = `${path}.localhostProfile`;
  if (!type) causes.push(required(`${path}.type`, 'type is required when appArmorProfile is set'));
  else if (!PROFILE_TYPES.includes(type)) causes.push(notSupported(`${path}.type`, type, PROFILE_TYPES));
  else if (type !== 'Localhost') {
    if (local === undefined) return;
    causes.push(invalidValue(field, local, 'can only be set when AppArmor type is Localhost'));
  } else if (!local) causes.push(required(field, 'must be set when AppArmor type is Localhost'));
  else {
    if (local.trim() !== local) causes.push(invalidValue(field, local, 'must not be padded with whitespace'));
    if (local.length > PATH_MAX) causes.push(tooLong(field, PATH_MAX));
  }
}

/** Source: ValidateSecurityContext. Privileged containers are allowed, as with --allow-privileged. */
export function checkSecurityContext(
  causes: Cause[],
  context: SecurityContext | undefined,
  spec: PodSpec,
  path: string,
): void {
  if (!context) return;
  checkId(causes, context.runAsUser, `${path}.runAsUser`);
  checkId(causes, context.runAsGroup, `${path}.runAsGroup`);
  if (context.procMount !== undefined) {
    checkOneOf(causes, `${path}.procMount`, context.procMount, ['Default', 'Unmasked']);
    if (context.procMount === 'Unmasked' && spec.hostUsers !== false) {
      causes.push(invalidValue(`${path}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  checkSeccomp(causes, context.seccompProfile, `${path}.seccompProfile`);
  if (context.allowPrivilegeEscalation === false) checkNoEscalation(causes, context, path);
  checkAppArmor(causes, context.appArmorProfile, `${path}.appArmorProfile`);
  checkWindowsOptions(causes, context.windowsOptions, `${path}.windowsOptions`);
}

function checkNoEscalation(causes: Cause[], context: SecurityContext, path: string): void {
  if (context.privileged) {
    const why = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true';
    causes.push(invalidValue(path, context, why));
  }
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    const why = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
    causes.push(invalidValue(path, context, why));
  }
}
