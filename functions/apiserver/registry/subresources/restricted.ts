import type { Answer, Call, Verb } from '../call.ts';
import { ruleContext } from '../create.ts';
import { guaranteedUpdate, metadataCauses, replacement, type UpdateStrategy } from '../guaranteed-update.ts';
import { matchName, matchNamespace, withMeta } from '../metadata.ts';
import { writeOptions } from '../options.ts';
import { patchWith } from '../patch.ts';
import { readObject } from '../read-object.ts';

/** A subresource that shows the whole object and changes a part of it, as its kind's rules say. */
export function ruledBy(subresource: string): Readonly<Record<'update' | 'patch', Verb>> {
  return updateAndPatch({
    prepare(call, object, old) {
      call.type.rules.subresources?.[subresource]?.prepareForUpdate(object, old, ruleContext(call));
    },
    validate(call, object, old) {
      const { type } = call;
      const rules = type.rules.subresources?.[subresource];
      return [...metadataCauses(object, old, type), ...(rules?.validateUpdate?.(object, old) ?? [])];
    },
  });
}

export function updateAndPatch(strategy: UpdateStrategy): Readonly<Record<'update' | 'patch', Verb>> {
  return {
    update: (call) => updateWith(call, strategy),
    patch: (call) => patchWith(call, writeOptions(call, 'PatchOptions'), strategy),
  };
}

async function updateWith(call: Call, strategy: UpdateStrategy): Promise<Answer> {
  const options = writeOptions(call, 'UpdateOptions');
  const wanted = withMeta(await readObject(call, options));
  matchNamespace(call, wanted.metadata);
  matchName(call, wanted.metadata);
  return guaranteedUpdate(call, { options, next: replacement(call, wanted), strategy });
}
