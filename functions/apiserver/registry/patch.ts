import { invalidValue } from '../../../lib/api/causes.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import { applyJsonPatch } from '../../../lib/api/patch/json.ts';
import { applyMergePatch } from '../../../lib/api/patch/merge.ts';
import { applyStrategicMergePatch } from '../../../lib/api/patch/strategic.ts';
import type { GroupVersionKind } from '../../../lib/api/resources.ts';
import { schemaOf } from '../../../lib/api/schema.ts';
import { badRequest, invalid, isReason, StatusError } from '../../../lib/api/status.ts';
import { mediaTypeOf, unsupportedMediaType } from '../negotiation/media-types.ts';
import { readBody } from '../negotiation/read-body.ts';
import { APPLY_PATCH, apply, checkNotForced } from './apply.ts';
import type { Answer, Call } from './call.ts';
import { guaranteedUpdate, mainStrategy, type UpdateStrategy } from './guaranteed-update.ts';
import { matchName, matchNamespace, type WithMeta, withMeta } from './metadata.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { checkSchema, decodeFault } from './read-object.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

/** Makes the patched object from a fresh copy of the present one. */
export type Patcher = (current: WithMeta) => KubeObject;

export async function patch(call: Call): Promise<Answer> {
  const options = writeOptions(call, 'PatchOptions');
  return patchWith(call, options, mainStrategy);
}

export async function patchWith(call: Call, options: WriteOptions, strategy: UpdateStrategy): Promise<Answer> {
  if (mediaTypeOf(call.request.headers.get('content-type') ?? '') === APPLY_PATCH)
    return apply(call, options, strategy);
  checkNotForced(call);
  const patcher = await readPatch(call);
  return guaranteedUpdate(call, { options, strategy, next: (old) => patched(call, options, patcher, old) });
}

function patched(call: Call, options: WriteOptions, patcher: Patcher, old: WithMeta | undefined): KubeObject {
  // createIfAbsent is not set, so there is always a present object.
  const object = withMeta(checkPatched(call, patcher(old!), call.type, options));
  matchNamespace(call, object.metadata);
  matchName(call, object.metadata);
  return object;
}

/** A patch that makes an object of the wrong form is at fault itself. Source: applyPatchToObject of handlers/patch.go. */
export function checkPatched(
  call: Call,
  object: KubeObject,
  expected: GroupVersionKind,
  { fieldValidation }: WriteOptions,
): KubeObject {
  try {
    return checkSchema(call, object, expected, fieldValidation);
  } catch (error) {
    if (!isReason(error, 'BadRequest')) throw error;
    const cause = invalidValue('patch', JSON.stringify(object), decodeFault(error));
    throw invalid({ group: '', kind: '' }, '', [cause]);
  }
}

export async function readPatch(call: Call): Promise<Patcher> {
  const mediaType = mediaTypeOf(call.request.headers.get('content-type') ?? '');
  const make = PATCHERS[mediaType];
  if (call.type.custom && mediaType === STRATEGIC_PATCH) {
    throw unsupportedMediaType([JSON_PATCH, MERGE_PATCH, APPLY_PATCH]);
  }
  if (!make) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  const text = new TextDecoder().decode(await readBody(call.request));
  return make(call, parsePatch(text));
}

function parsePatch(text: string): any {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('invalid JSON patch');
    throw error;
  }
}

const PATCHERS: Readonly<Record<string, (call: Call, body: any) => Patcher>> = {
  [JSON_PATCH]: (_call, operations) => {
    if (!Array.isArray(operations)) {
      throw badRequest(
        'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
      );
    }
    checkOperationCount(operations);
    return (current) => applyJsonPatch(current, operations) as KubeObject;
  },
  [MERGE_PATCH]: (_call, body) => (current) => applyMergePatch(current, body) as KubeObject,
  [STRATEGIC_PATCH]: ({ type }, body) => {
    const schema = schemaOf(type);
    return (current) => applyStrategicMergePatch(current, body, schema) as KubeObject;
  },
};

/** Source: maxJSONPatchOperations of k8s.io/apiserver handlers/patch.go. */
const MAX_JSON_PATCH_OPERATIONS = 10_000;

function checkOperationCount(operations: readonly unknown[]): void {
  if (operations.length <= MAX_JSON_PATCH_OPERATIONS) return;
  const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_JSON_PATCH_OPERATIONS}, got ${operations.length}`;
  throw new StatusError(413, 'RequestEntityTooLarge', message);
}
