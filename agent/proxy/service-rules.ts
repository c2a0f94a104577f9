import { createHash } from 'node:crypto';
import type { ClusterRange } from './base-rules.ts';
import type { EndpointAddress } from './endpoints.ts';
import { addElement, addRules, type Ruleset } from './ruleset.ts';
import type { ServicePortTarget } from './service-port.ts';

/** Adds one service port's chains and map entries. */
export function addService(ruleset: Ruleset, service: ServicePortTarget, range: ClusterRange): void {
  const id = identifier(service.name);
  const outside = [...service.externalIPs, ...service.loadBalancerIPs];
  if (service.cluster.length > 0) addBalancer(ruleset, `service-${id}`, service, service.cluster, range);
  if (service.local.length > 0 && (service.internalLocal || service.externalLocal))
    addBalancer(ruleset, `local-${id}`, service, service.local, range);
  for (const endpoint of new Set([...service.cluster, ...service.local])) addEndpoint(ruleset, service, endpoint);
  addInternal(ruleset, service, id);
  if (service.nodePort > 0 || outside.length > 0) addExternal(ruleset, service, id, outside, range);
  if (service.sourceRanges.length > 0) addFirewall(ruleset, service, id);
}

function addInternal(ruleset: Ruleset, service: ServicePortTarget, id: string): void {
  const key = addressKey(service.clusterIP, service);
  addElement(ruleset, 'clusterips', service.clusterIP, 'goto refuse');
  if (!service.internalLocal) dispatch(ruleset, 'services', 'unserved', key, service.cluster, `service-${id}`);
  else if (service.local.length > 0) addElement(ruleset, 'services', key, `goto local-${id}`);
  else addElement(ruleset, 'unserved', key, refusal(service));
}

function addExternal(
  ruleset: Ruleset,
  service: ServicePortTarget,
  id: string,
  outside: readonly string[],
  range: ClusterRange,
): void {
  const chain = `external-${id}`;
  if (service.cluster.length > 0) addRules(ruleset, chain, ...externalRules(service, id, range));
  const portKey = `${service.protocol} . ${service.nodePort}`;
  if (service.nodePort > 0) dispatch(ruleset, 'nodeports', 'unserved-nodeports', portKey, service.cluster, chain);
  for (const ip of outside) dispatch(ruleset, 'services', 'unserved', addressKey(ip, service), service.cluster, chain);
}

/** To the chain, or to a refusal when there is no endpoint in the cluster. */
function dispatch(
  ruleset: Ruleset,
  map: string,
  unserved: string,
  key: string,
  endpoints: readonly EndpointAddress[],
  chain: string,
): void {
  if (endpoints.length > 0) addElement(ruleset, map, key, `goto ${chain}`);
  else addElement(ruleset, unserved, key, 'goto refuse');
}

/** With policy Local and endpoints on other nodes only, silence: a load balancer shall try the next node. */
function refusal(service: ServicePortTarget): string {
  return service.cluster.length > 0 ? 'drop' : 'goto refuse';
}

/** Policy Local keeps the client's address; pods and this node itself are served by all endpoints all the same. */
function externalRules(service: ServicePortTarget, id: string, { podCIDR }: ClusterRange): string[] {
  if (!service.externalLocal) return ['jump masquerade-later', `goto service-${id}`];
  return [
    `ip saddr ${podCIDR} goto service-${id}`,
    `fib saddr type local jump masquerade-later`,
    `fib saddr type local goto service-${id}`,
    service.local.length > 0 ? `goto local-${id}` : 'drop',
  ];
}

/** Spreads over the endpoints, after those that hold the client by affinity. */
function addBalancer(
  ruleset: Ruleset,
  chain: string,
  service: ServicePortTarget,
  endpoints: readonly EndpointAddress[],
  { podCIDR }: ClusterRange,
): void {
  const key = `ip daddr ${service.clusterIP} ${service.protocol} dport ${service.port}`;
  const rules = [`${key} ip saddr != ${podCIDR} jump masquerade-later`];
  if (service.affinitySeconds > 0)
    for (const endpoint of endpoints)
      rules.push(`ip saddr @${affinitySet(service, endpoint)} goto ${endpointChain(service, endpoint)}`);
  const targets = endpoints.map((endpoint, i) => `${i} : goto ${endpointChain(service, endpoint)}`);
  rules.push(`numgen random mod ${endpoints.length} vmap { ${targets.join(', ')} }`);
  addRules(ruleset, chain, ...rules);
}

function addEndpoint(ruleset: Ruleset, service: ServicePortTarget, endpoint: EndpointAddress): void {
  const chain = endpointChain(service, endpoint);
  if (ruleset.chains.has(chain)) return;
  // Hairpin: a pod that reaches itself through the service must see an answer from the service.
  addRules(ruleset, chain, `ip saddr ${endpoint.ip} jump masquerade-later`);
  if (service.affinitySeconds > 0) {
    const set = affinitySet(service, endpoint);
    ruleset.sets.set(set, `type ipv4_addr; flags dynamic,timeout; timeout ${service.affinitySeconds}s;`);
    addRules(ruleset, chain, `update @${set} { ip saddr }`);
  }
  addRules(ruleset, chain, `meta l4proto ${service.protocol} dnat to ${endpoint.ip}:${endpoint.port}`);
}

function addFirewall(ruleset: Ruleset, service: ServicePortTarget, id: string): void {
  // A rule a range: within one set nft refuses ranges that overlap.
  addRules(ruleset, `firewall-${id}`, ...service.sourceRanges.map((range) => `ip saddr ${range} return`), 'drop');
  for (const ip of service.loadBalancerIPs)
    addElement(ruleset, 'firewall', addressKey(ip, service), `goto firewall-${id}`);
}

function addressKey(ip: string, { protocol, port }: ServicePortTarget): string {
  return `${ip} . ${protocol} . ${port}`;
}

function endpointChain(service: ServicePortTarget, { ip, port }: EndpointAddress): string {
  return `endpoint-${identifier(`${service.name} ${ip}:${port}`)}`;
}

/** The timeout is part of the name: nft cannot change it on a set that is there. */
function affinitySet(service: ServicePortTarget, { ip, port }: EndpointAddress): string {
  return `affinity-${identifier(`${service.name} ${ip}:${port} ${service.affinitySeconds}`)}`;
}

const identifiers = new Map<string, string>();
const MAX_IDENTIFIERS = 100_000;

/** Names outgrow what nft allows, so they are hashed; the hash is the costliest part of a sync and is kept. */
export function identifier(name: string): string {
  const known = identifiers.get(name);
  if (known) return known;
  if (identifiers.size > MAX_IDENTIFIERS) identifiers.clear();
  const made = createHash('sha256').update(name).digest('hex').slice(0, 16);
  identifiers.set(name, made);
  return made;
}
