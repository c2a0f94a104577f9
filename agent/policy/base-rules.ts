import { addRules, emptyRuleset, type Ruleset } from '../proxy/ruleset.ts';

/** The table of network policies; one to a node's network namespace. */
export const POLICY_TABLE = 'ip zeroplane-policy';

export type Direction = 'ingress' | 'egress';

const ESTABLISHED = 'ct state established,related accept';
/** A pod that reaches itself through its service leaves it and comes back; no policy is about that. */
const HAIRPIN = 'ip saddr . ip daddr @hairpins accept';

/**
 * Judged after translation, so that a policy sees the pod behind a Service. What the node itself sends to its pods passes
 * `output`, where nothing is judged: kubelet's probes are always admitted. What a pod sends to its node is admitted too, as
 * the NetworkPolicy documentation has it, but for the addresses at which the node stands for pods (DNS).
 * Each hook's `accept` ends only that hook: what may leave its sender must be let in by its receiver as well.
 */
export function policyBase(ownIPs: readonly string[]): Ruleset {
  const ruleset = emptyRuleset();
  ruleset.maps.set('egress-pods', 'type ipv4_addr : verdict;');
  ruleset.maps.set('ingress-pods', 'type ipv4_addr : verdict;');
  ruleset.sets.set('hairpins', 'type ipv4_addr . ipv4_addr;');
  ruleset.hooks.set('egress-forward', 'type filter hook forward priority 10; policy accept;');
  ruleset.hooks.set('ingress-forward', 'type filter hook forward priority 11; policy accept;');
  addRules(ruleset, 'egress-forward', ESTABLISHED, HAIRPIN, 'ip saddr vmap @egress-pods');
  addRules(ruleset, 'ingress-forward', ESTABLISHED, HAIRPIN, 'ip daddr vmap @ingress-pods');
  if (ownIPs.length === 0) return ruleset;
  ruleset.hooks.set('egress-input', 'type filter hook input priority 10; policy accept;');
  const elsewhere = `ip daddr != { ${ownIPs.join(', ')} } accept`;
  addRules(ruleset, 'egress-input', ESTABLISHED, elsewhere, 'ip saddr vmap @egress-pods');
  return ruleset;
}
