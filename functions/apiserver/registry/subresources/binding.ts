import { notSupported, required } from '../../../../lib/api/causes.ts';
import type { KubeObject } from '../../../../lib/api/object.ts';
import { badRequest, type Cause, conflict, StatusError } from '../../../../lib/api/status.ts';
import type { PodCondition } from '../../../../lib/api/types.ts';
import { timestamp } from '../../../../lib/runtime/clock.ts';
import { attributes, mutate, validate } from '../admit.ts';
import type { Answer, Call, Verb } from '../call.ts';
import { matchNamespace, type WithMeta, withMeta } from '../metadata.ts';
import { writeOptions } from '../options.ts';
import { readObject } from '../read-object.ts';
import { rewrite } from '../rewrite.ts';

const BINDING = { group: '', version: 'v1', kind: 'Binding' };
const PODS_BINDING = { group: '', resource: 'pods/binding' };

/** POST pods/NAME/binding and POST bindings: which node a pod runs on. Source: pkg/registry/core/pod/storage. */
export async function createBinding(call: Call): Promise<Answer> {
  const { dryRun, ...options } = writeOptions(call, 'CreateOptions');
  const object = withMeta(await readObject(call, options, BINDING));
  matchNamespace(call, object.metadata);
  const name = call.info.subresource ? call.info.name : (object.metadata.name ?? '');
  if (object.metadata.name !== name) throw badRequest('name in URL does not match name in Binding object');
  const causes = bindingCauses(object);
  if (causes.length) throw new StatusError(500, '', aggregate(causes));
  const given = attributes(call, { operation: 'CREATE', object, dryRun });
  await mutate(call, given);
  await validate(call, given);
  const pods = call.server.resources.lookup('', 'v1', 'pods')!;
  const now = timestamp(call.server.clock);
  await rewrite(call.server, pods, { namespace: call.info.namespace, name }, dryRun, (pod) => bind(pod, object, now));
  return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}

/** Upstream passes these on as a plain error. */
function aggregate(causes: readonly Cause[]): string {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

function bindingCauses(binding: KubeObject): Cause[] {
  const { kind, name } = binding['target'] ?? {};
  const causes: Cause[] = [];
  if (kind && kind !== 'Node') causes.push(notSupported('target.kind', kind, ['Node', '<empty>']));
  if (!name) causes.push(required('target.name'));
  return causes;
}

function bind(pod: WithMeta, binding: WithMeta, now: string): void {
  const name = pod.metadata.name!;
  const { uid, resourceVersion, annotations, labels } = binding.metadata;
  checkPrecondition('UID', uid, pod.metadata.uid, name);
  checkPrecondition('ResourceVersion', resourceVersion, pod.metadata.resourceVersion, name);
  const why = unbindable(pod);
  if (why) throw conflict(PODS_BINDING, name, why);
  pod['spec'].nodeName = binding['target'].name;
  if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
  if (labels) pod.metadata.labels = { ...pod.metadata.labels, ...labels };
  pod['status'] ??= {};
  delete pod['status'].nominatedNodeName;
  pod['status'].conditions = scheduled(pod['status'].conditions ?? [], now);
}

function checkPrecondition(what: string, wanted: string | undefined, actual: string | undefined, name: string): void {
  if (!wanted || wanted === actual) return;
  const why = `StorageError: invalid object, Code: 4, Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${actual}`;
  throw conflict({ group: '', resource: 'pods' }, name, why);
}

function unbindable({ metadata, spec }: KubeObject & { spec?: any }): string | undefined {
  if (metadata?.deletionTimestamp) return `pod ${metadata.name} is being deleted, cannot be assigned to a host`;
  if (spec.nodeName) return `pod ${metadata?.name} is already assigned to node ${JSON.stringify(spec.nodeName)}`;
  if (spec.schedulingGates?.length) return `pod ${metadata?.name} has non-empty .spec.schedulingGates`;
  return undefined;
}

/** The condition PodScheduled is true since it was last not so. */
function scheduled(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const before = conditions.find(({ type }) => type === 'PodScheduled');
  const lastTransitionTime = before?.status === 'True' ? before.lastTransitionTime : now;
  const condition: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime };
  return before ? conditions.map((other) => (other === before ? condition : other)) : [...conditions, condition];
}

export const binding: Readonly<Record<string, Verb>> = { create: createBinding };
