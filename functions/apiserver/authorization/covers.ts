import type { PolicyRule } from '../../../lib/api/types.ts';
import { urlCovers } from './policy-rule.ts';

/** The parts of `wanted` that no held rule grants. Source: k8s.io/component-helpers/auth/rbac/validation. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((atom) => !held.some((rule) => covers(rule, atom)));
}

/** One rule for each verb of each resource (and name), each verb of each URL: what one rule grants wholly or not at all. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const names: (string | undefined)[] = rule.resourceNames?.length ? rule.resourceNames : [undefined];
  const atoms: PolicyRule[] = [];
  for (const group of rule.apiGroups ?? [])
    for (const resource of rule.resources ?? [])
      for (const verb of rule.verbs)
        for (const name of names) {
          const atom: PolicyRule = { apiGroups: [group], resources: [resource], verbs: [verb] };
          atoms.push(name === undefined ? atom : { ...atom, resourceNames: [name] });
        }
  for (const url of rule.nonResourceURLs ?? [])
    for (const verb of rule.verbs) atoms.push({ nonResourceURLs: [url], verbs: [verb] });
  return atoms;
}

function covers(rule: PolicyRule, atom: PolicyRule): boolean {
  return (
    holds(rule.verbs, atom.verbs) &&
    holds(rule.apiGroups, atom.apiGroups) &&
    (atom.resources ?? []).every((resource) => coversResource(rule.resources ?? [], resource)) &&
    (atom.nonResourceURLs ?? []).every((url) => (rule.nonResourceURLs ?? []).some((own) => urlCovers(own, url))) &&
    (!rule.resourceNames?.length || (!!atom.resourceNames && holdsAll(rule.resourceNames, atom.resourceNames)))
  );
}

function holds(set: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return (set ?? []).includes('*') || holdsAll(set, wanted);
}

function holdsAll(set: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return (wanted ?? []).every((value) => set?.includes(value));
}

function coversResource(held: readonly string[], resource: string): boolean {
  if (held.includes('*') || held.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash > 0 && held.includes(`*${resource.slice(slash)}`);
}

/** Rules for one resource that differ only in their verbs, as one. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const complex: PolicyRule[] = [];
  const simple = new Map<string, PolicyRule>();
  for (const rule of rules) {
    if (!isSimple(rule)) {
      complex.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const same = simple.get(key);
    if (same) same.verbs = [...same.verbs, ...rule.verbs];
    else simple.set(key, { ...rule });
  }
  return [...complex, ...simple.values()];
}

function isSimple(rule: PolicyRule): boolean {
  return (
    !rule.nonResourceURLs?.length &&
    rule.apiGroups?.length === 1 &&
    rule.resources?.length === 1 &&
    (rule.resourceNames?.length ?? 0) <= 1
  );
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as kube-apiserver prints a rule. */
export function describeRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const given = parts.filter(([, values]) => values?.length);
  return `{${given.map(([name, values]) => `${name}:${quoteList(values!)}`).join(', ')}}`;
}

/** Go's %q of a []string: `["a" "b"]`. */
export function quoteList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
