import { emptyRuleset, type Ruleset } from './ruleset.ts';

/** The whole table anew, whatever was there. nft applies a script as one transaction. */
export function replaceScript(table: string, next: Ruleset): string {
  return `add table ${table}\ndelete table ${table}\nadd table ${table}\n${updateScript(table, emptyRuleset(), next)}`;
}

/** What leads from one state to the other; '' when nothing does. Chains are made before what jumps to them, and removed after. */
export function updateScript(table: string, previous: Ruleset, next: Ruleset): string {
  const lines = [...declarations(table, previous, next), ...rules(table, previous, next)];
  for (const map of union(previous.elements, next.elements))
    lines.push(...elements(table, map, previous.elements.get(map), next.elements.get(map)));
  lines.push(...removals(table, previous, next));
  return lines.map((line) => `${line}\n`).join('');
}

function declarations(table: string, previous: Ruleset, next: Ruleset): string[] {
  const lines: string[] = [];
  for (const [name, spec] of next.sets)
    if (!previous.sets.has(name)) lines.push(`add set ${table} ${name} { ${spec} }`);
  for (const [name, spec] of next.maps)
    if (!previous.maps.has(name)) lines.push(`add map ${table} ${name} { ${spec} }`);
  for (const name of next.chains.keys()) {
    const hook = next.hooks.get(name);
    if (!previous.chains.has(name)) lines.push(`add chain ${table} ${name}${hook ? ` { ${hook} }` : ''}`);
  }
  return lines;
}

function rules(table: string, previous: Ruleset, next: Ruleset): string[] {
  const lines: string[] = [];
  for (const [chain, wanted] of next.chains) {
    const had = previous.chains.get(chain);
    if (had && sameList(had, wanted)) continue;
    if (had) lines.push(`flush chain ${table} ${chain}`);
    for (const rule of wanted) lines.push(`add rule ${table} ${chain} ${rule}`);
  }
  return lines;
}

/** nft cannot change the value of an element: it goes and comes. */
function elements(
  table: string,
  map: string,
  previous: ReadonlyMap<string, string> = new Map(),
  next: ReadonlyMap<string, string> = new Map(),
): string[] {
  const gone = [...previous].filter(([key, value]) => next.get(key) !== value).map(([key]) => key);
  const come = [...next]
    .filter(([key, value]) => previous.get(key) !== value)
    // An element of a set has no value.
    .map(([key, value]) => (value === '' ? key : `${key} : ${value}`));
  const lines: string[] = [];
  if (gone.length > 0) lines.push(`delete element ${table} ${map} { ${gone.join(', ')} }`);
  if (come.length > 0) lines.push(`add element ${table} ${map} { ${come.join(', ')} }`);
  return lines;
}

function removals(table: string, previous: Ruleset, next: Ruleset): string[] {
  const chains = [...previous.chains.keys()].filter((name) => !next.chains.has(name));
  const sets = [...previous.sets.keys()].filter((name) => !next.sets.has(name));
  return [
    ...chains.map((name) => `flush chain ${table} ${name}`),
    ...chains.map((name) => `delete chain ${table} ${name}`),
    ...sets.map((name) => `delete set ${table} ${name}`),
  ];
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]));
}

function union<K>(a: ReadonlyMap<K, unknown>, b: ReadonlyMap<K, unknown>): Set<K> {
  return new Set([...a.keys(), ...b.keys()]);
}
