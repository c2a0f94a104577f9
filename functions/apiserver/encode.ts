import type { KubeObject } from '../../lib/api/object.ts';

/** An object's bytes at a revision, as they are stored and served: kind and apiVersion first. */
export function encodeObject(object: KubeObject, revision: number): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = object;
  return encodeJson({ kind, apiVersion, metadata: { ...metadata, resourceVersion: String(revision) }, ...rest });
}

/**
 * JSON in a buffer of its own. Out of Buffer's shared pool, bytes that live as long as their object would keep
 * those of requests that are long answered.
 */
export function encodeJson(value: object): Uint8Array {
  const text = JSON.stringify(value);
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
