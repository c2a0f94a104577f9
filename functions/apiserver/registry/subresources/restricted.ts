import type { Cause } from '../../../../lib/api/status.ts';
import type { Answer, Call, Verb } from '../call.ts';
import { guaranteedUpdate, replacement, type UpdateStrategy } from '../guaranteed-update.ts';
import { matchName, matchNamespace, type WithMeta, withMeta } from '../metadata.ts';
import { writeOptions } from '../options.ts';
import { patchWith } from '../patch.ts';
import { readObject } from '../read-object.ts';

/** PUT and PATCH of a subresource that shows the whole object and changes a part of it. */
export function updateAndPatch(strategy: UpdateStrategy): Readonly<Record<'update' | 'patch', Verb>> {
  return {
    update: (call) => updateWith(call, strategy),
    patch: (call) => patchWith(call, writeOptions(call, 'PatchOptions'), strategy),
  };
}

export async function updateWith(call: Call, strategy: UpdateStrategy): Promise<Answer> {
  const options = writeOptions(call, 'UpdateOptions');
  const wanted = withMeta(await readObject(call, options));
  matchNamespace(call, wanted.metadata);
  matchName(call, wanted.metadata);
  return guaranteedUpdate(call, { options, next: replacement(call, wanted), strategy });
}

/** Puts back everything of `old` but what `take` copies from the given object. */
export function onlyChange(object: WithMeta, old: WithMeta, take: (from: WithMeta, to: WithMeta) => void): void {
  const given = { ...object, metadata: object.metadata };
  for (const field of Object.keys(object)) delete object[field];
  Object.assign(object, structuredClone(old));
  take(given, object);
}

export const noCauses = (): Cause[] => [];
