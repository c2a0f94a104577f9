import { addRules, emptyRuleset, type Ruleset } from './ruleset.ts';

export interface ClusterRange {
  /** All pods' addresses. What comes from elsewhere is masqueraded, since its answer would not come back this way. */
  podCIDR: string;
  serviceCIDR: string;
  /** Addresses of the service range that the node answers itself, like the cluster DNS's: services that have them are left alone. */
  ownIPs: readonly string[];
  /** The ingress gateway's, if this node has one. */
  ingressIP?: string | undefined;
}

/**
 * The gateway listens at its address only, and not at 80 and 443 themselves: a pod with the host's network that wants these
 * ports of all addresses would not get them.
 */
export const GATEWAY_PORTS = { 80: 8280, 443: 8243 } as const;

/** The proxy's table; one to a node's network namespace. */
export const TABLE = 'ip zeroplane';
/** The bit by which a packet is remembered for masquerading; kubelet's and kube-proxy's own. */
const MASQUERADE_MARK = '0x4000';
const ADDRESS_KEY = 'ip daddr . meta l4proto . th dport';
const PORT_KEY = 'meta l4proto . th dport';
const LOCAL = 'fib daddr type local';

/**
 * What stands whatever the services are. Node and host ports answer on every local address; node ports not on loopback
 * (kube-proxy's nftables mode; a service must not reach what listens on 127.0.0.1 for the machine alone).
 */
export function baseRules(range: ClusterRange): Ruleset {
  const ruleset = emptyRuleset();
  const { maps, hooks } = ruleset;
  maps.set('services', 'type ipv4_addr . inet_proto . inet_service : verdict;');
  maps.set('nodeports', 'type inet_proto . inet_service : verdict;');
  maps.set('hostports', 'type inet_proto . inet_service : verdict;');
  maps.set('hostport-addresses', 'type ipv4_addr . inet_proto . inet_service : verdict;');
  maps.set('unserved', 'type ipv4_addr . inet_proto . inet_service : verdict;');
  maps.set('unserved-nodeports', 'type inet_proto . inet_service : verdict;');
  maps.set('clusterips', 'type ipv4_addr : verdict;');
  maps.set('firewall', 'type ipv4_addr . inet_proto . inet_service : verdict;');
  hooks.set('guard-loopback', 'type filter hook prerouting priority raw; policy accept;');
  hooks.set('firewall-prerouting', 'type filter hook prerouting priority -110; policy accept;');
  hooks.set('unserved-input', 'type filter hook input priority -110; policy accept;');
  hooks.set('unserved-forward', 'type filter hook forward priority -110; policy accept;');
  hooks.set('unserved-output', 'type filter hook output priority -110; policy accept;');
  hooks.set('clusterips-forward', 'type filter hook forward priority filter; policy accept;');
  hooks.set('clusterips-output', 'type filter hook output priority filter; policy accept;');
  hooks.set('nat-prerouting', 'type nat hook prerouting priority dstnat; policy accept;');
  hooks.set('nat-output', 'type nat hook output priority -100; policy accept;');
  hooks.set('nat-postrouting', 'type nat hook postrouting priority srcnat; policy accept;');
  addTranslation(ruleset, range);
  addRefusals(ruleset);
  addStrays(ruleset, range);
  return ruleset;
}

function addTranslation(ruleset: Ruleset, { ingressIP }: ClusterRange): void {
  for (const hook of ['nat-prerouting', 'nat-output']) addRules(ruleset, hook, 'jump dispatch');
  addRules(
    ruleset,
    'dispatch',
    `${ADDRESS_KEY} vmap @services`,
    ...(ingressIP ? gatewayRules(ingressIP) : []),
    `${LOCAL} ${ADDRESS_KEY} vmap @hostport-addresses`,
    `${LOCAL} ${PORT_KEY} vmap @hostports`,
    `${LOCAL} ip daddr != 127.0.0.0/8 ${PORT_KEY} vmap @nodeports`,
  );
  addRules(ruleset, 'masquerade-later', `meta mark set meta mark or ${MASQUERADE_MARK}`);
  addRules(
    ruleset,
    'nat-postrouting',
    `meta mark & ${MASQUERADE_MARK} == 0 return`,
    `meta mark set meta mark xor ${MASQUERADE_MARK}`,
    'masquerade fully-random',
  );
}

/** Host and node ports do not answer there. */
function gatewayRules(ip: string): string[] {
  const ports = Object.entries(GATEWAY_PORTS);
  return [
    ...ports.map(([port, to]) => `ip daddr ${ip} tcp dport ${port} dnat to ${ip}:${to}`),
    `ip daddr ${ip} return`,
  ];
}

function addRefusals(ruleset: Ruleset): void {
  // route_localnet, which host ports on 127.0.0.1 need, must not open loopback to the neighbours (CVE-2020-8558).
  addRules(ruleset, 'guard-loopback', 'iifname != "lo" ip daddr 127.0.0.0/8 drop');
  addRules(ruleset, 'firewall-prerouting', `ct state new ${ADDRESS_KEY} vmap @firewall`);
  // Refusing is not for nat chains: after translation would be too late, before it the hook has no answer.
  addRules(ruleset, 'refuse', 'meta l4proto tcp reject with tcp reset', 'reject');
  for (const hook of ['unserved-input', 'unserved-forward', 'unserved-output'])
    addRules(ruleset, hook, 'ct state new jump unserved-dispatch');
  addRules(
    ruleset,
    'unserved-dispatch',
    `${ADDRESS_KEY} vmap @unserved`,
    `${LOCAL} ip daddr != 127.0.0.0/8 ${PORT_KEY} vmap @unserved-nodeports`,
  );
}

/** After translation nothing may be left that goes to a service: a port that its service has not, or an address that no service has. */
function addStrays(ruleset: Ruleset, { serviceCIDR, ownIPs }: ClusterRange): void {
  for (const hook of ['clusterips-forward', 'clusterips-output'])
    addRules(ruleset, hook, `ct state new ip daddr ${serviceCIDR} jump clusterips-check`);
  for (const ip of ownIPs) addRules(ruleset, 'clusterips-check', `ip daddr ${ip} return`);
  addRules(ruleset, 'clusterips-check', 'ip daddr vmap @clusterips', 'drop');
}
