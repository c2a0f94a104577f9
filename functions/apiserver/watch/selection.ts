import type { KubeObject } from '../../../lib/api/object.ts';
import type { FieldMatcher, LabelMatcher } from '../../../lib/api/selectors.ts';
import type { ListOptions } from '../registry/list-options.ts';
import type { ResourceType } from '../registry/resource-table.ts';
import { decodeFor } from '../registry/stored.ts';

/** Whether stored bytes are selected. They are decoded only for this, and once for all who ask the same of them. */
export type Selection = (value: Uint8Array) => boolean;

/** undefined: everything is. */
export function selectionOf(type: ResourceType, { labels, fields }: ListOptions): Selection | undefined {
  if (!labels && !fields) return undefined;
  return (value) => {
    const selectable = selectableOf(type, value);
    return (!labels || matchesLabels(labels, selectable)) && (!fields || matchesFields(fields, selectable));
  };
}

/** What selectors can see of an object. */
interface Selectable {
  /** Whose fields they are: the same bytes are served in several versions, and each has fields of its own. */
  rules: ResourceType['rules'];
  labels: Record<string, string> | undefined;
  fields: Record<string, string>;
}

/** Kept for as long as the bytes are: a few dozen bytes an object, made when a selector first asks. */
const seen = new WeakMap<Uint8Array, Selectable>();

function selectableOf(type: ResourceType, value: Uint8Array): Selectable {
  let selectable = seen.get(value);
  if (selectable?.rules !== type.rules) {
    selectable = extract(type, decodeFor(type, value));
    seen.set(value, selectable);
  }
  return selectable;
}

function extract(type: ResourceType, object: KubeObject): Selectable {
  const fields: Record<string, string> = {
    'metadata.name': object.metadata?.name ?? '',
    'metadata.namespace': object.metadata?.namespace ?? '',
  };
  for (const [field, read] of Object.entries(type.rules.selectableFields ?? {})) fields[field] = read(object);
  return { rules: type.rules, labels: object.metadata?.labels, fields };
}

function matchesLabels(matcher: LabelMatcher, { labels }: Selectable): boolean {
  return matcher.matches(labels);
}

function matchesFields(matcher: FieldMatcher, { fields }: Selectable): boolean {
  return matcher.matches((field) => fields[field] ?? '');
}
