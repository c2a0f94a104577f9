import type { KubeObject } from '../object.ts';
import { compare } from './compare.ts';
import { difference, EMPTY_SET, type FieldSet, union } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import { toFieldSet } from './to-set.ts';

/**
 * People who applied on the client's side before go on with `kubectl apply --server-side` without conflicts with themselves.
 * Sources: managedfields/internal/lastappliedmanager.go and lastappliedupdater.go. Both hold for the manager `kubectl` only.
 */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const KUBECTL = 'kubectl';

/** Fields that kubectl's annotation says were applied, and that still are as they were applied. */
export function allowedConflicts(live: KubeObject, manager: string, type: FieldType): FieldSet {
  const applied = manager === KUBECTL ? lastApplied(live) : undefined;
  if (!applied) return EMPTY_SET;
  const { added, modified, removed } = compare(applied, live, type);
  return difference(toFieldSet(applied, type), union(union(added, modified), removed));
}

function lastApplied(object: KubeObject | undefined): unknown {
  const text = object?.metadata?.annotations?.[LAST_APPLIED];
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    // The annotation is anybody's to write: a broken one allows nothing.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Keeps the annotation true where there is one, for those who go back to the client's side. */
export function withLastApplied(object: KubeObject, applied: KubeObject, manager: string): KubeObject {
  const annotations = object.metadata?.annotations;
  if (manager !== KUBECTL || !annotations?.[LAST_APPLIED]) return object;
  const { [LAST_APPLIED]: _, ...others } = applied.metadata?.annotations ?? {};
  const bare = { ...applied, metadata: { ...applied.metadata, annotations: others } };
  const text = `${JSON.stringify(bare)}\n`;
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } };
}
