import type { KubeObject } from '../object.ts';
import type { GroupVersionKind } from '../resources.ts';
import { badRequest, type StatusError } from '../status.ts';
import { decoderOf } from './decode.ts';
import { countMembers, duplicateFields } from './duplicates.ts';
import { DecodeFault } from './fault.ts';
import type { Seen } from './scalar.ts';
import { definitionOf } from './shape.ts';
import { unknownFields } from './strict.ts';

export interface SchemaOptions {
  fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** The JSON that the object was parsed from: with it, keys written twice are found. */
  text?: string;
}

export interface Decoded {
  /** As kube-apiserver would encode it: unknown and empty fields dropped, what is always written filled in. A new object. */
  object: KubeObject;
  /** Texts of Warning headers: `unknown field "spec.foo"`. */
  warnings: string[];
}

/**
 * Reads an object as kube-apiserver's decoder reads it into the kind's Go type. Kinds that are not built in pass unchanged.
 * Throws StatusError 400. Sources: sigs.k8s.io/json, k8s.io/apiserver/pkg/endpoints/handlers/rest.go transformDecodeError.
 */
export function validateSchema(object: KubeObject, gvk: GroupVersionKind, options: SchemaOptions): Decoded {
  const definition = definitionOf(gvk);
  if (definition === undefined) return { object, warnings: [] };
  const seen: Seen = { members: 0, unknown: false };
  const refuse = refusal(gvk);
  const decoded = decodeAs(object, definition, refuse, seen);
  if (options.fieldValidation === 'Ignore') return { object: decoded, warnings: [] };
  const warnings = strictErrors(object, definition, options.text, seen);
  if (warnings.length > 0 && options.fieldValidation === 'Strict') {
    throw refuse(`strict decoding error: ${warnings.join(', ')}`);
  }
  return { object: decoded, warnings };
}

type Refusal = (why: string) => StatusError;

function decodeAs(object: KubeObject, definition: string, refuse: Refusal, seen: Seen): KubeObject {
  try {
    return decoderOf(definition)(object, seen) as KubeObject;
  } catch (fault) {
    if (fault instanceof DecodeFault) throw refuse(fault.message);
    throw fault;
  }
}

/** The decoder has counted what it saw: only a doubt is worth a second walk. */
function strictErrors(object: KubeObject, definition: string, text: string | undefined, seen: Seen): string[] {
  const unknown = seen.unknown ? unknownFields(object, definition) : [];
  if (text === undefined) return unknown;
  const surelyUnique = !seen.unknown && countMembers(text) === seen.members;
  return surelyUnique ? unknown : [...unknown, ...duplicateFields(text)];
}

function refusal({ kind, version }: GroupVersionKind): Refusal {
  return (why) => badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}
