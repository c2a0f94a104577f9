import type { KubeObject } from '../../lib/api/object.ts';

/** An object's bytes at a revision, as they are stored and served: kind and apiVersion first. */
export function encodeObject(object: KubeObject, revision: number): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = object;
  return Buffer.from(
    JSON.stringify({ kind, apiVersion, metadata: { ...metadata, resourceVersion: String(revision) }, ...rest }),
  );
}
