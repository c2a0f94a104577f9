import { forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PodSpec, WindowsSecurityContextOptions } from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired } from '../check.ts';
import { containersWithPaths } from './containers-of.ts';

/** Source: validateOS, validateLinux and validateWindows in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkOs(causes: Cause[], spec: PodSpec, path: string): void {
  if (!spec.os || !checkRequired(causes, `${path}.os.name`, spec.os.name)) return;
  const { name } = spec.os;
  checkOneOf(causes, `${path}.os`, name, ['linux', 'windows']);
  if (name === 'linux') refuse(causes, spec, LINUX, path);
  else if (name === 'windows') refuse(causes, spec, WINDOWS, path);
}

interface Refused {
  readonly spec: readonly (keyof PodSpec)[];
  readonly pod: readonly string[];
  readonly container: readonly string[];
  readonly why: string;
}

const LINUX: Refused = {
  spec: [],
  pod: ['windowsOptions'],
  container: ['windowsOptions'],
  why: 'windows options cannot be set for a linux pod',
};

const WINDOWS: Refused = {
  spec: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'],
  pod: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'fsGroup',
    'fsGroupChangePolicy',
    'sysctls',
    'runAsUser',
    'runAsGroup',
    'supplementalGroups',
    'supplementalGroupsPolicy',
    'seLinuxChangePolicy',
  ],
  container: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'capabilities',
    'readOnlyRootFilesystem',
    'privileged',
    'allowPrivilegeEscalation',
    'procMount',
    'runAsUser',
    'runAsGroup',
  ],
  why: 'cannot be set for a windows pod',
};

/** These two are no pointers upstream: false is as good as unset. */
const PLAIN_FLAGS: readonly string[] = ['hostPID', 'hostIPC'];

function refuse(causes: Cause[], spec: PodSpec, refused: Refused, path: string): void {
  const check = (holder: object | undefined, fields: readonly string[], at: string) => {
    if (!holder) return;
    for (const field of fields) {
      const value = (holder as Record<string, unknown>)[field];
      const isUnset = value === undefined || value === null || (value === false && PLAIN_FLAGS.includes(field));
      if (!isUnset) causes.push(forbiddenField(`${at}.${field}`, refused.why));
    }
  };
  check(spec.securityContext, refused.pod, `${path}.securityContext`);
  check(spec, refused.spec, path);
  for (const [{ securityContext }, container] of containersWithPaths(spec, path)) {
    check(securityContext, refused.container, `${container}.securityContext`);
  }
}

/** Source: validateWindowsHostProcessPod. Privileged containers are allowed, and with them these. */
export function checkHostProcess(causes: Cause[], spec: PodSpec, path: string): void {
  const whole = spec.securityContext?.windowsOptions?.hostProcess;
  let [all, host] = [0, 0];
  for (const [{ securityContext }, container] of containersWithPaths(spec, path)) {
    const own = securityContext?.windowsOptions?.hostProcess;
    all++;
    if (own ?? whole) host++;
    if (whole === undefined || own === undefined || whole === own) continue;
    const why = `pod hostProcess value must be identical if both are specified, was ${whole}`;
    causes.push(invalidValue(`${container}.securityContext.windowsOptions.hostProcess`, own, why));
  }
  if (host === 0) return;
  if (host !== all) {
    const why = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    causes.push(invalidValue(path, '', why));
  }
  if (!spec.hostNetwork) {
    const why = 'hostNetwork must be true if pod contains any hostProcess containers';
    causes.push(invalidValue(`${path}.hostNetwork`, false, why));
  }
}

const CREDENTIAL_MAX_KIB = 64;

/** Source: validateWindowsSecurityContextOptions. */
export function checkWindowsOptions(
  causes: Cause[],
  options: WindowsSecurityContextOptions | undefined,
  path: string,
): void {
  if (!options) return;
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined) {
    checkFormat(causes, `${path}.gmsaCredentialSpecName`, gmsaCredentialSpecName, dns1123Subdomain);
  }
  const field = `${path}.gmsaCredentialSpec`;
  if (gmsaCredentialSpec === '') {
    causes.push(invalidValue(field, '', 'gmsaCredentialSpec cannot be an empty string'));
  } else if (gmsaCredentialSpec && Buffer.byteLength(gmsaCredentialSpec) > CREDENTIAL_MAX_KIB * 1024) {
    const why = `gmsaCredentialSpec size must be under ${CREDENTIAL_MAX_KIB} KiB`;
    causes.push(invalidValue(field, gmsaCredentialSpec, why));
  }
  if (runAsUserName === undefined) return;
  for (const fault of userNameFaults(runAsUserName)) {
    causes.push(invalidValue(`${path}.runAsUserName`, runAsUserName, `runAsUserName${fault}`));
  }
}

const DOMAIN_MAX = 256;
const USER_MAX = 104;
const CONTROL = /\p{Cc}/u;
const NET_BIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

/** `DOMAIN\user`, or the user alone. */
function userNameFaults(name: string): string[] {
  if (name === '') return [' cannot be an empty string'];
  if (CONTROL.test(name)) return [' cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return [' cannot contain more than one backslash'];
  const user = parts.at(-1)!;
  return [...(parts.length === 2 ? domainFaults(parts[0]!) : []), ...userFaults(user)];
}

function domainFaults(domain: string): string[] {
  const isKnown = NET_BIOS.test(domain) || domain.split('.').every((label) => DNS_LABEL.test(label));
  return [
    ...(domain.length >= DOMAIN_MAX ? [`'s Domain length must be under ${DOMAIN_MAX} characters`] : []),
    ...(isKnown ? [] : ["'s Domain doesn't match the NetBios nor the DNS format"]),
  ];
}

function userFaults(user: string): string[] {
  const faults: string[] = [];
  if (user === '') faults.push("'s User cannot be empty");
  else if (user.length > USER_MAX) faults.push(`'s User length must not be longer than ${USER_MAX} characters`);
  if (/^[. ]+$/.test(user)) faults.push("'s User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    faults.push(`'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return faults;
}
