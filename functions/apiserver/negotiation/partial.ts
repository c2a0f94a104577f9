import type { KubeObject } from '../../../lib/api/object.ts';

/** An object's metadata alone. Source: meta.k8s.io/v1 PartialObjectMetadata. */
export function partialObject(object: KubeObject, version: string): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata ?? {} };
}

export function partialList(objects: readonly KubeObject[], metadata: object, version: string): object {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items: objects.map((object) => partialObject(object, version)),
  };
}
