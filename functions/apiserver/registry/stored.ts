import type { KubeObject } from '../../../lib/api/object.ts';
import { validateSchema } from '../../../lib/api/schema.ts';
import { encodeJson } from '../encode.ts';
import type { ResourceType } from './resource-table.ts';

const decoder = new TextDecoder();

/** A fresh copy of what is stored, in the version it is stored in. */
export function decodeStored(value: Uint8Array): KubeObject & { metadata: NonNullable<KubeObject['metadata']> } {
  return JSON.parse(decoder.decode(value));
}

/** A fresh copy as this type's version shows it. */
export function decodeFor(type: ResourceType, value: Uint8Array): KubeObject {
  const object = decodeStored(value);
  if (!type.conversion) return object;
  return validateSchema(type.conversion.fromStored(object), type, { fieldValidation: 'Ignore' }).object;
}

/**
 * The bytes of an object at a revision. kind and apiVersion come first: `head` of the resource table relies on it.
 * `revision` undefined leaves resourceVersion out, as a dry run of a create does.
 */
export function encodeStored(type: ResourceType, object: KubeObject, revision: number | undefined): Uint8Array {
  const stored = type.conversion ? type.conversion.toStored(object) : object;
  const { apiVersion, kind, metadata, ...rest } = stored;
  const resourceVersion = revision === undefined ? undefined : String(revision);
  return encodeJson({ kind, apiVersion, metadata: { ...metadata, resourceVersion }, ...rest });
}

/** Same content whatever the order of keys; undefined is absent. */
export function sameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameContent(item, b[i]));
  }
  return !Array.isArray(b) && sameFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const field in a) if (!sameContent(a[field], b[field])) return false;
  for (const field in b) if (a[field] === undefined && b[field] !== undefined) return false;
  return true;
}
