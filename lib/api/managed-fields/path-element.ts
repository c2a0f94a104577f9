import { badValue } from '../causes.ts';
import type { ListType } from './field-type.ts';

/** Path elements in their written form, and how they read in a message. */
export const fieldElement = (name: string): string => `f:${name}`;

/**
 * Keys that stand for themselves when an item omits them, as the API's defaults have them (`default` beside the keys in the
 * OpenAPI v3 document): ports only.
 */
const KEY_DEFAULTS: Readonly<Record<string, unknown>> = { protocol: 'TCP', containerPort: 0, port: 0 };

/** The element of a list's item; undefined when the item cannot be told from others. */
export function itemElement(type: ListType, item: unknown): string | undefined {
  if (type.relation === 'set') return typeof item === 'object' ? undefined : `v:${JSON.stringify(item)}`;
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  const members = item as Record<string, unknown>;
  const keys: Record<string, unknown> = {};
  for (const name of type.sortedKeys) {
    const value = members[name] ?? KEY_DEFAULTS[name];
    if (value !== undefined) keys[name] = value;
  }
  return Object.keys(keys).length === 0 ? undefined : `k:${JSON.stringify(keys)}`;
}

/** `.spec.containers[name="a"].image`, `.metadata.finalizers[="x"]` */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'v':
      return `[=${badValue(JSON.parse(rest))}]`;
    case 'k': {
      const keys = Object.entries(JSON.parse(rest)).map(([name, value]) => `${name}=${badValue(value)}`);
      return `[${keys.join(',')}]`;
    }
  }
  return `[${rest}]`;
}
