/** An nftables table as data, so that two states can be compared. */
export interface Ruleset {
  /** Chain → its rules, in order. A base chain begins with its `type … hook …` line in `hooks`. */
  readonly chains: Map<string, readonly string[]>;
  readonly hooks: Map<string, string>;
  /** Sets, filled by the kernel or by `elements`: name → declaration. They keep their content while the name stays. */
  readonly sets: Map<string, string>;
  /** Verdict maps: name → declaration. */
  readonly maps: Map<string, string>;
  /** Map → key → verdict; set → key → ''. */
  readonly elements: Map<string, Map<string, string>>;
}

export function emptyRuleset(): Ruleset {
  return { chains: new Map(), hooks: new Map(), sets: new Map(), maps: new Map(), elements: new Map() };
}

export function addElement(ruleset: Ruleset, map: string, key: string, verdict: string): void {
  const elements = ruleset.elements.get(map) ?? new Map<string, string>();
  // The first service that claims an address keeps it.
  if (!elements.has(key)) elements.set(key, verdict);
  ruleset.elements.set(map, elements);
}

export function addRules(ruleset: Ruleset, chain: string, ...rules: string[]): void {
  ruleset.chains.set(chain, [...(ruleset.chains.get(chain) ?? []), ...rules]);
}

/** Takes in what another has. Chains of different services have different names; of elements the first claim counts. */
export function merge(ruleset: Ruleset, other: Ruleset): void {
  for (const [chain, rules] of other.chains) ruleset.chains.set(chain, rules);
  for (const [name, declaration] of other.sets) ruleset.sets.set(name, declaration);
  for (const [map, elements] of other.elements)
    for (const [key, verdict] of elements) addElement(ruleset, map, key, verdict);
}
