import type { Stored } from '../../lib/api/object.ts';
import type {
  NetworkPolicy,
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../lib/api/types.ts';
import { addElement, addRules, type Ruleset } from '../proxy/ruleset.ts';
import { identifier } from '../proxy/service-rules.ts';
import { type Direction, policyBase } from './base-rules.ts';
import { blockRanges, mergedElements } from './ip-block.ts';
import { type PolicyPod, type PolicyView, peerPods, selected } from './view.ts';

type Policy = Stored<NetworkPolicy>;

/** The table of this node: a pure function of policies, pods and namespaces. Only chains of pods that are here are made. */
export function policyRules(policies: readonly Policy[], view: PolicyView, ownIPs: readonly string[]): Ruleset {
  const ruleset = policyBase(ownIPs);
  for (const direction of ['ingress', 'egress'] as const) isolate(ruleset, direction, policies, view);
  return ruleset;
}

/** A pod that any policy of the direction selects admits what one of them admits, and nothing else (networking/v1 NetworkPolicySpec). */
function isolate(ruleset: Ruleset, direction: Direction, policies: readonly Policy[], view: PolicyView): void {
  const byPod = new Map<PolicyPod, string[]>();
  for (const policy of policies.filter((candidate) => concerns(candidate, direction))) {
    const pods = selected(view, policy.metadata.namespace ?? '', policy.spec?.podSelector).filter((pod) => pod.local);
    if (pods.length === 0) continue;
    const chain = addPolicy(ruleset, direction, policy, view, pods);
    for (const pod of pods) byPod.set(pod, [...(byPod.get(pod) ?? []), chain]);
  }
  for (const [pod, chains] of byPod) {
    // Pods with the same policies share a chain.
    const shared = `${direction}-of-${identifier(chains.join())}`;
    if (!ruleset.chains.has(shared)) addRules(ruleset, shared, ...chains.map((chain) => `jump ${chain}`), 'drop');
    addElement(ruleset, `${direction}-pods`, pod.ip, `jump ${shared}`);
    addElement(ruleset, 'hairpins', `${pod.ip} . ${pod.ip}`, '');
  }
}

/** Types that are absent are those that the rules speak of; ingress always (networking/v1 NetworkPolicySpec, policyTypes). */
function concerns({ spec }: NetworkPolicy, direction: Direction): boolean {
  const types = spec?.policyTypes ?? [];
  if (types.length > 0) return types.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
  return direction === 'ingress' || (spec?.egress ?? []).length > 0;
}

function addPolicy(
  ruleset: Ruleset,
  direction: Direction,
  { metadata, spec }: Policy,
  view: PolicyView,
  targets: readonly PolicyPod[],
): string {
  const name = `${metadata.namespace}/${metadata.name}`;
  const chain = `${direction}-policy-${identifier(`${direction} ${name}`)}`;
  addRules(ruleset, chain);
  for (const [i, rule] of (spec?.[direction] ?? []).entries()) {
    const id = identifier(`${direction} ${name} ${i}`);
    const peers =
      direction === 'ingress' ? (rule as NetworkPolicyIngressRule).from : (rule as NetworkPolicyEgressRule).to;
    const parties = partiesOf(ruleset, direction, id, peers, metadata.namespace ?? '', view);
    const receivers = direction === 'ingress' ? targets : (parties.pods ?? view.pods);
    addRules(ruleset, chain, ...admissions(parties.matches, portMatches(ruleset, id, rule.ports, receivers)));
  }
  return chain;
}

interface Parties {
  /** One of these must hold; undefined: anybody. */
  matches: string[] | undefined;
  /** The pods among them. */
  pods: PolicyPod[] | undefined;
}

function partiesOf(
  ruleset: Ruleset,
  direction: Direction,
  id: string,
  peers: readonly NetworkPolicyPeer[] | undefined,
  namespace: string,
  view: PolicyView,
): Parties {
  if (!peers?.length) return { matches: undefined, pods: undefined };
  const field = direction === 'ingress' ? 'ip saddr' : 'ip daddr';
  const matches: string[] = [];
  const pods = [...new Set(peers.flatMap((peer) => peerPods(view, namespace, peer)))];
  if (peers.some((peer) => !peer.ipBlock)) {
    // A set of its own, so that a pod that comes or goes is one element and no rule.
    ruleset.sets.set(`peers-${id}`, 'type ipv4_addr;');
    for (const pod of pods) addElement(ruleset, `peers-${id}`, pod.ip, '');
    matches.push(`${field} @peers-${id}`);
  }
  const blocks = mergedElements(peers.flatMap(({ ipBlock }) => (ipBlock ? blockRanges(ipBlock) : [])));
  if (blocks.length > 0) matches.push(`${field} { ${blocks.join(', ')} }`);
  return { matches, pods };
}

/** One of these must hold; undefined: any port of any protocol. */
function portMatches(
  ruleset: Ruleset,
  id: string,
  ports: readonly NetworkPolicyPort[] | undefined,
  receivers: readonly PolicyPod[],
): string[] | undefined {
  if (!ports?.length) return undefined;
  return ports.map(({ protocol = 'TCP', port, endPort }, i) => {
    const layer = `meta l4proto ${protocol.toLowerCase()}`;
    if (port === undefined) return layer;
    if (typeof port === 'number') return `${layer} th dport ${endPort === undefined ? port : `${port}-${endPort}`}`;
    const set = `ports-${identifier(`${id} ${i}`)}`;
    ruleset.sets.set(set, 'type ipv4_addr . inet_proto . inet_service;');
    for (const pod of receivers) addNamedPort(ruleset, set, pod, protocol, port);
    return `ip daddr . meta l4proto . th dport @${set}`;
  });
}

/** A name is what the pod that receives calls so: another number in each pod. */
function addNamedPort(ruleset: Ruleset, set: string, pod: PolicyPod, protocol: string, name: string): void {
  for (const port of pod.ports)
    if (port.name === name && port.protocol === protocol)
      addElement(ruleset, set, `${pod.ip} . ${protocol.toLowerCase()} . ${port.number}`, '');
}

function admissions(parties: string[] | undefined, ports: string[] | undefined): string[] {
  return (parties ?? ['']).flatMap((party) =>
    (ports ?? ['']).map((port) => `${party} ${port} accept`.trim().replace('  ', ' ')),
  );
}
