/**
 * A set of fields as metadata.managedFields holds them: a tree whose edges are path elements in their written form,
 * `f:NAME` (a field), `k:{…}` (a list item by its keys), `v:VALUE` (a member of a set).
 * Source: sigs.k8s.io/structured-merge-diff/fieldpath. Sets are never changed once they are made.
 */
export interface FieldSet {
  /** The field itself is in the set, not only fields below it. */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

/** The written form: `{"f:spec":{".":{},"f:replicas":{}}}`. */
export interface FieldsV1 {
  [element: string]: FieldsV1;
}

const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map();
export const EMPTY_SET: FieldSet = { member: false, children: NO_CHILDREN };
export const LEAF: FieldSet = { member: true, children: NO_CHILDREN };

/** undefined for a set with nothing in it. */
export function fieldSet(member: boolean, children: ReadonlyMap<string, FieldSet>): FieldSet | undefined {
  if (children.size === 0) return member ? LEAF : undefined;
  return { member, children };
}

export function isEmpty(set: FieldSet | undefined): boolean {
  return set === undefined || (!set.member && set.children.size === 0);
}

export function parseFields(fields: FieldsV1 | undefined | null, top = true): FieldSet {
  const entries = Object.entries(fields ?? {});
  const children = new Map(
    entries.filter(([key]) => key !== '.').map(([key, below]) => [key, parseFields(below, false)]),
  );
  return { member: !top && (entries.length === 0 || Object.hasOwn(fields!, '.')), children };
}

export function writeFields(set: FieldSet): FieldsV1 {
  const written: FieldsV1 = {};
  if (set.member && set.children.size > 0) written['.'] = {};
  for (const key of [...set.children.keys()].sort()) written[key] = writeFields(set.children.get(key)!);
  return written;
}

export function union(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet {
  if (!a || isEmpty(a)) return b ?? EMPTY_SET;
  if (!b || isEmpty(b)) return a;
  const children = new Map(a.children);
  for (const [key, below] of b.children) children.set(key, union(children.get(key), below));
  return { member: a.member || b.member, children };
}

export function intersection(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet {
  if (!a || !b) return EMPTY_SET;
  return combine(a, a.member && b.member, (key, below) => intersection(below, b.children.get(key)));
}

/** What is in `a` and not in `b`; a field below one of `b` stays. */
export function difference(a: FieldSet, b: FieldSet | undefined): FieldSet {
  if (!b || isEmpty(b)) return a;
  return combine(a, a.member && !b.member, (key, below) => difference(below, b.children.get(key)));
}

/** What is in `a` and neither in `b` nor below a field of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet | undefined): FieldSet {
  if (!b || isEmpty(b)) return a;
  return combine(a, a.member && !b.member, (key, below) => {
    const other = b.children.get(key);
    return other?.member ? EMPTY_SET : recursiveDifference(below, other);
  });
}

function combine(set: FieldSet, member: boolean, change: (key: string, below: FieldSet) => FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [key, below] of set.children) {
    const changed = change(key, below);
    if (!isEmpty(changed)) children.set(key, changed);
  }
  return { member, children };
}

/** The set of one field. */
export function single(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((below, key) => ({ member: false, children: new Map([[key, below]]) }), LEAF);
}

/** The path of every member, parents first, in the written order. */
export function paths(set: FieldSet, prefix: readonly string[] = []): string[][] {
  const keys = [...set.children.keys()].sort();
  const own = keys.filter((key) => set.children.get(key)!.member).map((key) => [...prefix, key]);
  return [...own, ...keys.flatMap((key) => paths(set.children.get(key)!, [...prefix, key]))];
}
