import shapesData from '../data/shapes.json' with { type: 'json' };
import type { GroupVersionKind } from '../resources.ts';

/**
 * The Go types behind the API: what kube-apiserver decodes into and encodes from. Made by peers/shapes from k8s.io/api.
 * A definition is named as in the OpenAPI document: `io.k8s.api.core.v1.Pod`.
 */
export interface Shape {
  readonly definition: string;
  /** As Go prints it without the package: `Pod`. */
  readonly name: string;
  /** In the order of their encoding. */
  readonly fields: readonly ShapeField[];
}

export interface ShapeField {
  readonly name: string;
  /** Its place in Go, as messages have it: `VolumeSource.emptyDir` for a field of an embedded struct. */
  readonly goPath: string;
  readonly type: ShapeType;
  /** Left out when empty; a struct never is. */
  readonly omitEmpty: boolean;
  /** Left out at its zero value, a struct too. */
  readonly omitZero: boolean;
}

/** `goName` is what Go prints for the type: `v1.PullPolicy`, `[]v1.Container`. */
export type ShapeType = { readonly goName: string } & (
  | { readonly kind: 'string' | 'bool' | 'int32' | 'int64' | 'float64' | 'bytes' }
  | { readonly kind: 'list' | 'map' | 'pointer'; readonly of: ShapeType }
  | { readonly kind: 'struct'; readonly definition: string }
);

const rawKinds: Readonly<Record<string, string>> = shapesData.kinds;
const rawShapes: Readonly<Record<string, readonly string[]>> = shapesData.shapes;
const shapes = new Map<string, Shape>();

/** Kinds of meta/v1 that every group version has as its own. */
const SHARED_KINDS = new Set(['DeleteOptions', 'Status', 'WatchEvent']);

/** The definition of a kind, or undefined for one that is not built in. */
export function definitionOf({ group, version, kind }: GroupVersionKind): string | undefined {
  return rawKinds[`${group}/${version}/${kind}`] ?? (SHARED_KINDS.has(kind) ? rawKinds[`/v1/${kind}`] : undefined);
}

/** undefined for the types with a JSON form of their own: Time, Quantity … */
export function shapeOf(definition: string): Shape | undefined {
  const known = shapes.get(definition);
  const lines = known ? undefined : rawShapes[definition];
  if (!lines) return known;
  const shape = { definition, name: lastPart(definition), fields: lines.map(parseField) };
  shapes.set(definition, shape);
  return shape;
}

function parseField(line: string): ShapeField {
  const [, path, mark, type] = /^([^?! ]+)([?!]0?) (.*)$/.exec(line)!;
  const names = path!.split('/');
  return {
    name: names.at(-1)!,
    goPath: names.join('.'),
    type: parseType(type!),
    omitEmpty: mark!.startsWith('?'),
    omitZero: mark!.endsWith('0'),
  };
}

function parseType(text: string): ShapeType {
  if (text.startsWith('*')) return container('pointer', '*', text.slice(1));
  if (text.startsWith('[]')) return container('list', '[]', text.slice(2));
  if (text.startsWith('map ')) return container('map', 'map[string]', text.slice(4));
  const named = /^([^=]*)=(.*)$/.exec(text);
  if (named) return { ...parseType(named[2]!), goName: named[1]! };
  if (text === 'bytes') return { kind: 'bytes', goName: '[]uint8' };
  if (text.startsWith('io.k8s.')) return { kind: 'struct', definition: text, goName: goNameOf(text) };
  return { kind: text as 'string' | 'bool' | 'int32' | 'int64' | 'float64', goName: text };
}

function container(kind: 'list' | 'map' | 'pointer', prefix: string, inner: string): ShapeType {
  const of = parseType(inner);
  return { kind, of, goName: `${prefix}${of.goName}` };
}

/** `io.k8s.api.core.v1.Pod` → `v1.Pod` */
export function goNameOf(definition: string): string {
  return definition.split('.').slice(-2).join('.');
}

function lastPart(definition: string): string {
  return definition.slice(definition.lastIndexOf('.') + 1);
}
