import { parseQuantity } from '../../lib/api/quantity.ts';
import type { Container, Node, Pod } from '../../lib/api/types.ts';
import { isRestartableInit } from './restart-policy.ts';

export interface Refusal {
  reason: string;
  message: string;
}

/** Sysctls that concern no other pod. Source: pkg/kubelet/sysctl/safe_sysctls.go. */
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_notsent_lowat',
]);

/** Whether this node can take the pod beside the others; the scheduler may have been wrong. Source: pkg/kubelet/lifecycle/predicate.go. */
export function refusal(
  pod: Pod,
  others: readonly Pod[],
  node: Pick<Node, 'metadata' | 'status'>,
): Refusal | undefined {
  const os = pod.spec?.os?.name;
  if (os && os !== 'linux')
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  return (
    badSysctl(pod) ??
    unsupported(pod) ??
    insufficient(pod, others, node) ??
    wrongNode(pod, node) ??
    takenPort(pod, others)
  );
}

function badSysctl(pod: Pod): Refusal | undefined {
  const forbidden = pod.spec?.securityContext?.sysctls?.find(
    ({ name }) => !SAFE_SYSCTLS.has(name.replaceAll('/', '.')),
  );
  if (!forbidden) return undefined;
  return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${forbidden.name}" not allowlisted` };
}

/** What the runtime would silently leave out must not be promised. */
function unsupported({ spec }: Pod): Refusal | undefined {
  if (spec?.securityContext?.supplementalGroupsPolicy === 'Strict') {
    const message = 'SupplementalGroupsPolicy=Strict is not supported in this node';
    return { reason: 'SupplementalGroupsPolicyNotSupported', message };
  }
  const contexts = [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []),
    { securityContext: spec?.securityContext },
  ];
  const confined = contexts.some(({ securityContext }) => {
    const type = securityContext?.appArmorProfile?.type;
    return type !== undefined && type !== 'Unconfined';
  });
  if (!confined) return undefined;
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
}

function insufficient(pod: Pod, others: readonly Pod[], { status }: Pick<Node, 'status'>): Refusal | undefined {
  const allocatable = status?.allocatable ?? {};
  const podsAllowed = amount(allocatable['pods'], 'pods');
  if (allocatable['pods'] !== undefined && others.length + 1 > podsAllowed)
    return lacking('pods', 1n, BigInt(others.length), podsAllowed);
  for (const [name, requested] of Object.entries(podRequests(pod))) {
    const capacity = allocatable[name];
    if (requested === 0n || capacity === undefined) continue;
    const used = others.reduce((sum, other) => sum + (podRequests(other)[name] ?? 0n), 0n);
    if (requested + used > amount(capacity, name)) return lacking(name, requested, used, amount(capacity, name));
  }
  return undefined;
}

function lacking(name: string, requested: bigint, used: bigint, capacity: bigint | number): Refusal {
  const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message };
}

/** What a pod asks for: its containers together, or its largest init container. Source: k8s.io/component-helpers/resource PodRequests. */
export function podRequests(pod: Pod): Record<string, bigint> {
  return podTotals(pod, 'requests');
}

/** What a pod may use, of resources that some container is limited in; overhead comes on top of a limit. Source: PodLimits, there. */
export function podLimitTotals(pod: Pod): Record<string, bigint> {
  return podTotals(pod, 'limits');
}

function podTotals(pod: Pod, list: 'requests' | 'limits'): Record<string, bigint> {
  const amountsOf = (container: Container) => containerAmounts(container, list);
  const { containers = [], initContainers = [], overhead, resources } = pod.spec ?? { containers: [] };
  const total: Record<string, bigint> = {};
  for (const container of containers) addTo(total, amountsOf(container));
  let sidecars: Record<string, bigint> = {};
  const init: Record<string, bigint> = {};
  for (const container of initContainers) {
    const own = amountsOf(container);
    if (isRestartableInit(container)) {
      addTo(total, own);
      sidecars = sum(sidecars, own);
      raiseTo(init, sidecars);
    } else raiseTo(init, sum(sidecars, own));
  }
  raiseTo(total, init);
  for (const [name, quantity] of Object.entries(resources?.[list] ?? {})) total[name] = amount(quantity, name);
  for (const [name, quantity] of Object.entries(overhead ?? {}))
    if (list === 'requests' || total[name] !== undefined) total[name] = (total[name] ?? 0n) + amount(quantity, name);
  return total;
}

type Amounts = Record<string, bigint>;

function containerAmounts({ resources }: Container, list: 'requests' | 'limits'): Amounts {
  return Object.fromEntries(Object.entries(resources?.[list] ?? {}).map(([name, q]) => [name, amount(q, name)]));
}

function addTo(total: Amounts, more: Amounts): void {
  for (const [name, value] of Object.entries(more)) total[name] = (total[name] ?? 0n) + value;
}

function sum(a: Amounts, b: Amounts): Amounts {
  const total = { ...a };
  addTo(total, b);
  return total;
}

function raiseTo(total: Amounts, least: Amounts): void {
  for (const [name, value] of Object.entries(least)) if (value > (total[name] ?? 0n)) total[name] = value;
}

/** CPU is counted in thousandths. */
function amount(quantity: string | number | undefined, name: string): bigint {
  if (quantity === undefined) return 0n;
  const parsed = parseQuantity(String(quantity));
  return BigInt(name === 'cpu' ? parsed.milliValue() : parsed.value());
}

function wrongNode(pod: Pod, node: Pick<Node, 'metadata'>): Refusal | undefined {
  const labels = node.metadata?.labels ?? {};
  const selected = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  if (selected) return undefined;
  const message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
  return { reason: 'NodeAffinity', message };
}

function takenPort(pod: Pod, others: readonly Pod[]): Refusal | undefined {
  const taken = new Set(others.flatMap(hostPorts));
  if (!hostPorts(pod).some((port) => taken.has(port))) return undefined;
  const message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  return { reason: 'NodePorts', message };
}

function hostPorts(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ hostPort, hostIP = '0.0.0.0', protocol = 'TCP' }) => `${hostIP}/${hostPort}/${protocol}`),
  );
}
