import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { dns1123Subdomain } from '../api/names.ts';
import { BRIDGE_PORT, type ClusterConfig, MAX_NODES, nodeConfig, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { ClusterError } from './error.ts';
import { type EvictionSettings, evictionSettings } from './eviction.ts';
import { addressAt, type Cidr, contains, isCidr, overlaps, parseCidr } from './network/cidr.ts';
import { freeNodeRange, freePodRange, isFree, usedRanges } from './network/free-ranges.ts';
import type { ClusterPaths } from './paths.ts';
import { choosePort } from './ports.ts';
import { DEFAULT_SHUTDOWN_GRACE, type ShutdownGrace, shutdownGrace } from './shutdown-grace.ts';

/** What the user asked for; what is absent is chosen or kept. */
export interface UpOptions {
  name: string;
  nodes?: number;
  port?: number;
  ingressHttpPort?: number;
  ingressHttpsPort?: number;
  podCidr?: string;
  serviceCidr?: string;
  dnsDomain?: string;
  dnsIp?: string;
  evictionHard?: string;
  /** Milliseconds. */
  shutdownGracePeriod?: number;
  shutdownGracePeriodCriticalPods?: number;
  /** Replaces what the cluster had. */
  schedulerConfig?: unknown;
  /** Milliseconds. */
  evictionPressureTransitionPeriod?: number;
}

export const DEFAULT_SERVICE_CIDR = '10.96.0.0/16';
export const DEFAULT_DNS_DOMAIN = 'cluster.local';
/** The DNS server's place in the service range, as kubeadm chooses it. */
const DNS_OFFSET = 10;

/** Of Ingress at 127.0.0.1: 80 and 443 are often taken, and need rights where they are not. */
const INGRESS_PORTS = { http: 8080, https: 8443 };

/** The cluster as it is to be: made new, or as it was made, with nodes added. */
export async function defineCluster(
  options: UpOptions,
  paths: ClusterPaths,
  running: boolean,
  context: CommandContext,
): Promise<ClusterConfig> {
  checkOptions(options);
  const known = readConfig(paths.config);
  if (known) return takeUp(known, options, running, context);
  const bridge = `zp${createHash('sha256').update(paths.state).digest('hex').slice(0, 6)}`;
  const used = await takenRanges(bridge, context);
  const serviceCIDR = options.serviceCidr ?? DEFAULT_SERVICE_CIDR;
  const base = {
    name: options.name,
    port: await choosePort(options.port, BRIDGE_PORT),
    podCIDR: options.podCidr ?? freePodRange(used),
    serviceCIDR,
    dnsDomain: options.dnsDomain ?? DEFAULT_DNS_DOMAIN,
    dnsIP: options.dnsIp ?? addressAt(parseCidr(serviceCIDR), DNS_OFFSET),
    bridge,
    nodeCIDR: freeNodeRange(used),
    ingressPorts: await chooseIngressPorts(options, INGRESS_PORTS),
  };
  checkRanges(base, used);
  return withNodes({ ...base, ...settingsOf(options, undefined), nodes: [] }, options.nodes ?? 1);
}

async function takeUp(
  known: ClusterConfig,
  options: UpOptions,
  running: boolean,
  context: CommandContext,
): Promise<ClusterConfig> {
  checkUnchanged(known, options);
  const count = options.nodes ?? known.nodes.length;
  if (count < known.nodes.length) {
    throw new ClusterError(`the cluster has ${known.nodes.length} nodes: zeroplane node remove NODE takes one away`);
  }
  if (running) {
    if (options.port !== undefined && options.port !== known.port) {
      throw new ClusterError(`the cluster is running at port ${known.port}: another port needs a down before`);
    }
    checkSettings(known, options);
    return withNodes(known, count);
  }
  const used = await takenRanges(known.bridge, context);
  checkRanges(known, used);
  const port = await choosePort(options.port, known.port);
  const ingressPorts = await chooseIngressPorts(options, known.ingressPorts ?? INGRESS_PORTS);
  return withNodes({ ...known, ...settingsOf(options, known.shutdownGrace), port, ingressPorts }, count);
}

async function chooseIngressPorts(
  { ingressHttpPort, ingressHttpsPort }: UpOptions,
  preferred: typeof INGRESS_PORTS,
): Promise<typeof INGRESS_PORTS> {
  const http = await choosePort(ingressHttpPort, preferred.http, 'ingress-http-port');
  return { http, https: await choosePort(ingressHttpsPort, preferred.https, 'ingress-https-port') };
}

function evictionOf({ evictionHard, evictionPressureTransitionPeriod }: UpOptions): EvictionSettings {
  return evictionSettings({ evictionHard, evictionPressureTransitionMs: evictionPressureTransitionPeriod });
}

/** What may be another each time that the cluster is taken up. */
function settingsOf(options: UpOptions, known: ShutdownGrace | undefined): Partial<ClusterConfig> {
  const { schedulerConfig, shutdownGracePeriod, shutdownGracePeriodCriticalPods } = options;
  return {
    ...evictionOf(options),
    shutdownGrace: shutdownGrace(shutdownGracePeriod, shutdownGracePeriodCriticalPods, known),
    ...(schedulerConfig === undefined ? {} : { schedulerConfiguration: schedulerConfig }),
  };
}

function checkSettings(known: ClusterConfig, options: UpOptions): void {
  if (!isSubset(evictionOf(options), known)) {
    throw new ClusterError('the cluster is running: other eviction settings need a down before');
  }
  const { schedulerConfig, shutdownGracePeriod, shutdownGracePeriodCriticalPods } = options;
  const grace = shutdownGrace(shutdownGracePeriod, shutdownGracePeriodCriticalPods, known.shutdownGrace);
  if (!isDeepStrictEqual(grace, known.shutdownGrace ?? DEFAULT_SHUTDOWN_GRACE)) {
    throw new ClusterError('the cluster is running: another grace at shutdown needs a down before');
  }
  if (schedulerConfig === undefined || isDeepStrictEqual(schedulerConfig, known.schedulerConfiguration)) return;
  throw new ClusterError('the cluster is running: another scheduler configuration needs a down before');
}

function isSubset(asked: EvictionSettings, known: EvictionSettings): boolean {
  return Object.entries(asked).every(([name, value]) => known[name as keyof EvictionSettings] === value);
}

/** Routes of this machine, and what other clusters will take when they are started. */
async function takenRanges(bridge: string, context: CommandContext): Promise<Cidr[]> {
  const others = context.otherConfigs().filter((other) => other.bridge !== bridge);
  return [...(await usedRanges(bridge)), ...others.flatMap((o) => [parseCidr(o.podCIDR), parseCidr(o.nodeCIDR)])];
}

/** A node that was removed leaves its number to the next one. */
export function withNodes(cluster: ClusterConfig, count: number): ClusterConfig {
  const nodes = [...cluster.nodes];
  for (let index = 0; nodes.length < count; index++) {
    const node = nodeConfig(cluster, index);
    if (!nodes.some(({ name }) => name === node.name)) nodes.push(node);
  }
  return { ...cluster, nodes };
}

function wrong(flag: string, value: unknown, what: string): never {
  throw new ClusterError(`--${flag} ${value}: ${what}`, 2);
}

/** The name of a cluster is a folder's too: nothing else may lead a command out of its place. */
export function checkedName(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return name;
  wrong('name', name, 'at most 40 lower-case letters, digits and hyphens, with a letter or digit at both ends');
}

function checkOptions({ name, nodes, podCidr, serviceCidr, dnsDomain, dnsIp }: UpOptions): void {
  checkedName(name);
  if (nodes !== undefined && (nodes < 1 || nodes > MAX_NODES)) wrong('nodes', nodes, `1 to ${MAX_NODES}`);
  if (podCidr && (!isCidr(podCidr) || parseCidr(podCidr).bits > 17)) {
    wrong('pod-cidr', podCidr, 'an IPv4 range of at least a /17, such as 10.244.0.0/16');
  }
  if (serviceCidr && (!isCidr(serviceCidr) || parseCidr(serviceCidr).bits > 24)) {
    wrong('service-cidr', serviceCidr, 'an IPv4 range of at least a /24, such as 10.96.0.0/16');
  }
  if (dnsIp && !contains(parseCidr(serviceCidr ?? DEFAULT_SERVICE_CIDR), dnsIp)) {
    wrong('dns-ip', dnsIp, 'an address in the range of services');
  }
  if (dnsDomain !== undefined && dns1123Subdomain(dnsDomain).length > 0) {
    wrong('dns-domain', dnsDomain, 'lower-case labels joined by dots, such as cluster.local');
  }
}

function checkUnchanged(known: ClusterConfig, options: UpOptions): void {
  const pairs = [
    ['pod-cidr', known.podCIDR, options.podCidr],
    ['service-cidr', known.serviceCIDR, options.serviceCidr],
    ['dns-domain', known.dnsDomain, options.dnsDomain],
    ['dns-ip', known.dnsIP, options.dnsIp],
  ] as const;
  for (const [flag, was, asked] of pairs) {
    if (asked === undefined || asked === was) continue;
    throw new ClusterError(
      `the cluster was made with --${flag} ${was}. Another needs a new one: zeroplane down --delete, then up`,
    );
  }
}

function checkRanges(
  { podCIDR, nodeCIDR, serviceCIDR }: Pick<ClusterConfig, 'podCIDR' | 'nodeCIDR' | 'serviceCIDR'>,
  used: readonly Cidr[],
): void {
  for (const range of [podCIDR, nodeCIDR]) {
    if (isFree(range, used)) continue;
    throw new ClusterError(
      `the range ${range} is in use on this machine, by a route or by another cluster (ip route shows it)`,
    );
  }
  if (overlaps(parseCidr(podCIDR), parseCidr(serviceCIDR))) {
    throw new ClusterError(`pods (${podCIDR}) and services (${serviceCIDR}) overlap`, 2);
  }
}
