import { forbiddenField, required } from '../../../lib/api/causes.ts';
import { applyServerSide, trackManagedFields, type WriteBy } from '../../../lib/api/managed-fields.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import { invalid } from '../../../lib/api/status.ts';
import { timestamp } from '../../../lib/runtime/clock.ts';
import { readBody } from '../negotiation/read-body.ts';
import { isTrue } from '../request-info.ts';
import type { Answer, Call } from './call.ts';
import { guaranteedUpdate, type UpdateStrategy } from './guaranteed-update.ts';
import { matchName, matchNamespace, type WithMeta, withMeta } from './metadata.ts';
import type { WriteOptions } from './options.ts';
import { checkSchema, checkYaml, decode } from './read-object.ts';

export const APPLY_PATCH = 'application/apply-patch+yaml';

/** Server-side apply: who applies a field owns it. Source: KEP-555. */
export async function apply(call: Call, options: WriteOptions, strategy: UpdateStrategy): Promise<Answer> {
  checkApplyOptions(call);
  const bytes = await readBody(call.request);
  const configuration = withMeta(await decode('yaml', bytes, call.type));
  const intro = 'error strict decoding patch: error converting YAML to JSON';
  if (!isJson(bytes)) await checkYaml(call, bytes, options.fieldValidation, intro);
  matchNamespace(call, configuration.metadata);
  matchName(call, configuration.metadata);
  const force = isTrue(call.query.get('force'));
  return guaranteedUpdate(call, {
    options,
    strategy,
    ownsFields: true,
    createIfAbsent: !call.info.subresource,
    next: (old) => applied(call, options, configuration, old, force),
  });
}

function applied(
  call: Call,
  { fieldManager, fieldValidation }: WriteOptions,
  configuration: WithMeta,
  old: WithMeta | undefined,
  force: boolean,
): KubeObject {
  const write = { ...writeBy(call, fieldManager), force };
  const { object, managedFields } = applyServerSide(old, configuration, write);
  const checked = withMeta(checkSchema(call, object, call.type, fieldValidation));
  if (managedFields) checked.metadata.managedFields = managedFields;
  if (old && !configuration.metadata.resourceVersion) checked.metadata.resourceVersion = old.metadata.resourceVersion;
  return checked;
}

const OPEN_BRACE = 0x7b;

/** Clients apply JSON as the YAML that it is. */
function isJson(bytes: Uint8Array): boolean {
  return bytes[0] === OPEN_BRACE;
}

function checkApplyOptions({ query }: Call): void {
  if (query.get('fieldManager')) return;
  const cause = required('fieldManager', 'is required for apply patch');
  throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [cause]);
}

/** Only an apply may take fields from their owners. */
export function checkNotForced({ query }: Call): void {
  if (query.get('force') === null) return;
  const cause = forbiddenField('force', 'may not be specified for non-apply patch');
  throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [cause]);
}

function writeBy(call: Call, manager: string): WriteBy {
  const { type, info, server } = call;
  return {
    gvk: type,
    schema: type.custom?.ownership,
    manager,
    subresource: info.subresource,
    now: timestamp(server.clock),
  };
}

/**
 * Keeps account of who changed what on an object that someone has applied. Others are not tracked: it would double the
 * bytes of most objects, and their first apply begins the account as it does for objects older than server-side apply.
 */
export function trackOwners(call: Call, object: WithMeta, old: WithMeta, { fieldManager }: WriteOptions): void {
  if (!old.metadata.managedFields?.length) {
    delete object.metadata.managedFields;
    return;
  }
  const managedFields = trackManagedFields(old, object, writeBy(call, fieldManager));
  if (managedFields) object.metadata.managedFields = managedFields;
  else delete object.metadata.managedFields;
}
