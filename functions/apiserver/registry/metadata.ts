import type { KubeObject } from '../../../lib/api/object.ts';
import { badRequest } from '../../../lib/api/status.ts';
import type { ObjectMeta, OwnerReference } from '../../../lib/api/types.ts';
import { timestamp } from '../../../lib/runtime/clock.ts';
import type { Server } from '../dependencies.ts';
import type { MetadataOptions } from '../kinds/metadata.ts';
import type { Call } from './call.ts';
import type { ResourceType } from './resource-table.ts';

export type WithMeta = KubeObject & { metadata: ObjectMeta };

export function withMeta(object: KubeObject): WithMeta {
  object.metadata ??= {};
  return object as WithMeta;
}

/** What a client may not set on a create. Source: rest.WipeObjectMetaSystemFields. */
export function wipeSystemFields(meta: ObjectMeta): void {
  delete meta.uid;
  delete meta.creationTimestamp;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  delete meta.generation;
  delete meta.managedFields;
}

export function fillSystemFields(server: Server, meta: ObjectMeta): void {
  meta.uid = server.random.uuid();
  meta.creationTimestamp = timestamp(server.clock);
}

/** names.go: what is left of 63 characters after the suffix. */
const SUFFIX_LENGTH = 5;
const MAX_BASE_LENGTH = 63 - SUFFIX_LENGTH;

export function generateName(server: Server, base: string): string {
  return base.slice(0, MAX_BASE_LENGTH) + server.random.suffix(SUFFIX_LENGTH);
}

/** The request's namespace is the object's. Source: rest.EnsureObjectNamespaceMatchesRequestNamespace. */
export function matchNamespace(call: Call, meta: ObjectMeta): void {
  const expected = call.type.namespaced ? call.info.namespace : '';
  if ((meta.namespace ?? '') === expected) return;
  if (!expected) delete meta.namespace;
  else if (!meta.namespace) meta.namespace = expected;
  else throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** The name in the body is the URL's. Source: checkName of k8s.io/apiserver handlers/rest.go. */
export function matchName(call: Call, meta: ObjectMeta): void {
  const { name } = call.info;
  if (meta.name === name) return;
  if (!meta.name) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
}

/** Identical owner references are kept once. Source: dedupOwnerReferencesAndAddWarning of handlers/rest.go. */
export function dedupOwnerReferences(call: Call, meta: ObjectMeta): void {
  const references = meta.ownerReferences;
  if (!references || references.length < 2) return;
  const seen = new Map<string, OwnerReference>();
  for (const reference of references) {
    const key = JSON.stringify([
      reference.uid,
      reference.apiVersion,
      reference.kind,
      reference.name,
      reference.controller,
      reference.blockOwnerDeletion,
    ]);
    if (seen.has(key)) call.warnings.push(duplicateOwner(reference));
    else seen.set(key, reference);
  }
  if (seen.size < references.length) meta.ownerReferences = [...seen.values()];
}

function duplicateOwner(reference: OwnerReference): string {
  return `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${reference.uid}`;
}

/** How a type's metadata is checked: custom resources may have finalizers of any qualified name. */
export function metadataOptions({ namespaced, rules, custom }: ResourceType): MetadataOptions {
  return { namespaced, nameFormat: rules.nameFormat, standardFinalizers: custom === undefined };
}
