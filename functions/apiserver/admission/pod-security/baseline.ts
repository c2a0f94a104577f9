import type { Container, LifecycleHandler, Probe, SELinuxOptions } from '../../../../lib/api/types.ts';
import {
  type Check,
  containers,
  containersText,
  hasUserNamespace,
  namesOf,
  plural,
  quoted,
  setters,
  sortedSet,
} from './check.ts';

/** The Pod Security Standards' baseline level. Source: k8s.io/pod-security-admission/policy; the order is that of their ids. */

const appArmorProfile: Check = ({ metadata, spec }) => {
  const isBad = (profile: { type: string } | undefined) =>
    profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';
  const ofPod = spec.securityContext?.appArmorProfile;
  const bad = containers(spec).filter(({ securityContext }) => isBad(securityContext?.appArmorProfile));
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(
      ([key, value]) => key.startsWith('container.apparmor.security.beta.kubernetes.io/') && !allowedProfile(value),
    )
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const types = [...(isBad(ofPod) ? [ofPod!.type] : []), ...bad.map((c) => c.securityContext!.appArmorProfile!.type)];
  const values = [...sortedSet(types), ...annotations];
  if (values.length === 0) return undefined;
  const who = [
    setters(
      isBad(ofPod),
      bad.map(({ name }) => name),
    ),
    annotations.length ? plural('annotation', annotations.length) : '',
  ].filter(Boolean);
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

function allowedProfile(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/');
}

const CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

export const capabilitiesBaseline: Check = ({ spec }) => {
  const extra = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter((capability) => !CAPABILITIES.has(capability));
  const names = namesOf(spec, (container) => extra(container).length > 0);
  if (names.length === 0) return undefined;
  const added = quoted(sortedSet(containers(spec).flatMap(extra)));
  const detail = `${containersText(names)} must not include ${added} in securityContext.capabilities.add`;
  return { reason: 'non-default capabilities', detail };
};

const hostNamespaces: Check = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
  return used.length
    ? { reason: 'host namespaces', detail: used.map((field) => `${field}=true`).join(', ') }
    : undefined;
};

export const hostPathVolumes: Check = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', names.length)} ${quoted(names)}` };
};

const hostPorts: Check = ({ spec }) => {
  const portsOf = ({ ports }: Container) =>
    (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
  const names = namesOf(spec, (container) => portsOf(container).length > 0);
  if (names.length === 0) return undefined;
  const ports = sortedSet(containers(spec).flatMap(portsOf));
  const what = `${plural('hostPort', ports.length)} ${ports.join(', ')}`;
  return { reason: 'hostPort', detail: `${containersText(names)} ${names.length === 1 ? 'uses' : 'use'} ${what}` };
};

const hostProbesAndHostLifecycle: Check = ({ spec, minor }) => {
  if (minor < 34) return undefined;
  const hosts = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container) =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap(hostsOf);
  const names = sortedSet(namesOf(spec, (container) => hosts(container).length > 0));
  if (names.length === 0) return undefined;
  const found = sortedSet(containers(spec).flatMap(hosts));
  const what = `${plural('probe or lifecycle host', found.length)} ${quoted(found)}`;
  const detail = `${containersText(names)} ${names.length === 1 ? 'uses' : 'use'} ${what}`;
  return { reason: 'probe or lifecycle host', detail };
};

function hostsOf(handler: Probe | LifecycleHandler | undefined): string[] {
  return [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => host || []);
}

const privileged: Check = ({ spec }) => {
  const names = namesOf(spec, ({ securityContext }) => securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  return { reason: 'privileged', detail: `${containersText(names)} must not set securityContext.privileged=true` };
};

/** The restricted level's, which no user namespace relaxes. */
export const procMountRestricted: Check = ({ spec }) => {
  const isBad = ({ securityContext }: Container) => (securityContext?.procMount ?? 'Default') !== 'Default';
  const bad = containers(spec).filter(isBad);
  if (bad.length === 0) return undefined;
  const types = quoted(sortedSet(bad.map(({ securityContext }) => securityContext!.procMount!)));
  const who = containersText(bad.map(({ name }) => name));
  return { reason: 'procMount', detail: `${who} must not set securityContext.procMount to ${types}` };
};

export const procMount: Check = (checked) => (hasUserNamespace(checked) ? undefined : procMountRestricted(checked));

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinuxOptions: Check = ({ spec, minor }) => {
  const types = minor >= 31 ? [...SELINUX_TYPES, 'container_engine_t'] : SELINUX_TYPES;
  const isBad = (options: SELinuxOptions | undefined) =>
    options !== undefined && (!types.includes(options.type ?? '') || !!options.user || !!options.role);
  const ofPod = spec.securityContext?.seLinuxOptions;
  const names = namesOf(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions));
  const all = [ofPod, ...containers(spec).map(({ securityContext }) => securityContext?.seLinuxOptions)];
  const bad = all.filter(isBad).map((options) => options!);
  if (bad.length === 0) return undefined;
  const badTypes = sortedSet(bad.flatMap(({ type }) => (types.includes(type ?? '') ? [] : [type!])));
  const data = [
    ...(badTypes.length ? [`${plural('type', badTypes.length)} ${quoted(badTypes)}`] : []),
    ...(bad.some(({ user }) => user) ? ['user may not be set'] : []),
    ...(bad.some(({ role }) => role) ? ['role may not be set'] : []),
  ];
  const who = setters(isBad(ofPod), names);
  return {
    reason: 'seLinuxOptions',
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
  };
};

const isBadSeccomp = (profile: { type: string } | undefined) =>
  profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';

export const seccompProfileBaseline: Check = ({ spec }) => {
  const ofPod = spec.securityContext?.seccompProfile;
  const bad = containers(spec).filter(({ securityContext }) => isBadSeccomp(securityContext?.seccompProfile));
  if (bad.length === 0 && !isBadSeccomp(ofPod)) return undefined;
  const types = [
    ...(isBadSeccomp(ofPod) ? [ofPod!.type] : []),
    ...bad.map((c) => c.securityContext!.seccompProfile!.type),
  ];
  const names = bad.map(({ name }) => name);
  const who = setters(isBadSeccomp(ofPod), names);
  const detail = `${who} must not set securityContext.seccompProfile.type to ${quoted(sortedSet(types))}`;
  return { reason: 'seccompProfile', detail };
};

/** Safe sysctls, with the minor version that took each in. */
const SYSCTLS: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
  'net.ipv4.tcp_slow_start_after_idle': 37,
  'net.ipv4.tcp_notsent_lowat': 37,
};

const sysctls: Check = ({ spec, minor }) => {
  const given = (spec.securityContext?.sysctls ?? []).map(({ name }) => name);
  const bad = given.filter((name) => minor < (SYSCTLS[name] ?? Number.POSITIVE_INFINITY) || !(name in SYSCTLS));
  return bad.length ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
};

const windowsHostProcess: Check = ({ spec }) => {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess === true;
  const names = namesOf(spec, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
  if (!ofPod && names.length === 0) return undefined;
  const detail = `${setters(ofPod, names)} must not set securityContext.windowsOptions.hostProcess=true`;
  return { reason: 'hostProcess', detail };
};

export const baseline: readonly Check[] = [
  appArmorProfile,
  capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbesAndHostLifecycle,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfileBaseline,
  sysctls,
  windowsHostProcess,
];
