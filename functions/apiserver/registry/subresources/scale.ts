import type { KubeObject } from '../../../../lib/api/object.ts';
import { fromLabelSelector, fromLabelSet } from '../../../../lib/api/selectors.ts';
import { badRequest, invalid } from '../../../../lib/api/status.ts';
import type { Answer, Call, Verb } from '../call.ts';
import { getItem } from '../get.ts';
import { type Change, guaranteedUpdate, mainStrategy } from '../guaranteed-update.ts';
import { type WithMeta, withMeta } from '../metadata.ts';
import { type WriteOptions, writeOptions } from '../options.ts';
import { checkPatched, readPatch } from '../patch.ts';
import { readObject } from '../read-object.ts';
import type { ResourceType } from '../resource-table.ts';
import { decodeStored } from '../stored.ts';

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** autoscaling/v1 Scale over a workload's spec.replicas. Source: pkg/registry/apps/deployment/storage. */
async function getScale(call: Call): Promise<Answer> {
  return { status: 200, object: scaleOf(call.type, decodeStored((await getItem(call)).value)) };
}

async function updateScale(call: Call): Promise<Answer> {
  const options = writeOptions(call, 'UpdateOptions');
  const wanted = await readObject(call, options, SCALE);
  return changeScale(call, options, () => wanted);
}

async function patchScale(call: Call): Promise<Answer> {
  const options = writeOptions(call, 'PatchOptions');
  const patcher = await readPatch({ ...call, type: { ...call.type, ...SCALE } });
  return changeScale(call, options, (current) =>
    checkPatched(call, patcher(withMeta(scaleOf(call.type, current))), SCALE, options),
  );
}

async function changeScale(
  call: Call,
  options: WriteOptions,
  wantedFrom: (current: WithMeta) => KubeObject,
): Promise<Answer> {
  const next: Change['next'] = (current) => withReplicas(call, current!, wantedFrom(current!));
  const changed = await guaranteedUpdate(call, { options, strategy: mainStrategy, next });
  if (!('value' in changed)) return changed;
  return { status: changed.status, object: scaleOf(call.type, decodeStored(changed.value)) };
}

function withReplicas(call: Call, object: WithMeta, wanted: KubeObject): WithMeta {
  const { name, namespace, resourceVersion, uid } = wanted.metadata ?? {};
  if (name && name !== call.info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.info.name})`);
  }
  if (namespace && namespace !== call.info.namespace) {
    throw badRequest(
      `the namespace of the object (${namespace}) does not match the namespace on the request (${call.info.namespace})`,
    );
  }
  const replicas = wanted['spec']?.replicas ?? 0;
  if (replicas < 0) throw invalid(SCALE, call.info.name, [negative(replicas)]);
  setReplicas(call.type, object, replicas);
  if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
  if (uid) object.metadata.uid = uid;
  return object;
}

function negative(replicas: number) {
  const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
  return { reason: 'FieldValueInvalid', message, field: 'spec.replicas' } as const;
}

function scaleOf(type: ResourceType, object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const selector = selectorText(type, object);
  const replicas = replicasOf(type, object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: readPath(object, type.custom?.scale?.statusReplicasPath ?? '.status.replicas') ?? 0,
      ...(selector ? { selector } : {}),
    },
  };
}

function replicasOf(type: ResourceType, object: KubeObject): number | undefined {
  return readPath(object, type.custom?.scale?.specReplicasPath ?? '.spec.replicas');
}

function setReplicas(type: ResourceType, object: KubeObject, replicas: number): void {
  const fields = (type.custom?.scale?.specReplicasPath ?? '.spec.replicas').split('.').slice(1);
  const last = fields.pop()!;
  let at: Record<string, any> = object;
  for (const field of fields) {
    at[field] = { ...at[field] };
    at = at[field];
  }
  at[last] = replicas;
}

/** The paths of a scale subresource are dotted fields: no lists. */
function readPath(object: KubeObject, path: string): any {
  return path
    .split('.')
    .slice(1)
    .reduce((value: any, field) => value?.[field], object);
}

/** A ReplicationController's selector is a plain map, a custom resource's the text itself. */
function selectorText(type: ResourceType, object: KubeObject): string {
  if (type.custom) return readPath(object, type.custom.scale?.labelSelectorPath ?? '.status.none') ?? '';
  const selector = object['spec']?.selector;
  if (!selector) return '';
  return (type.resource === 'replicationcontrollers' ? fromLabelSet(selector) : fromLabelSelector(selector)).toString();
}

export const scale: Readonly<Record<string, Verb>> = { get: getScale, update: updateScale, patch: patchScale };
