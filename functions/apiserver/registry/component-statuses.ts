import type { KubeObject } from '../../../lib/api/object.ts';
import { notFound } from '../../../lib/api/status.ts';
import type { Answer, Call, Verb } from './call.ts';
import { encodeStored } from './stored.ts';

/** The store goes by the name that tools know. Source: pkg/registry/core/componentstatus. */
const STORE = 'etcd-0';

/** Asked anew each time and never stored: whether what the apiserver stands on answers. */
async function listStatuses(call: Call): Promise<Answer> {
  const values = [encodeStored(call.type, await storeStatus(call), undefined)];
  return { status: 200, list: { values, resourceVersion: '' } };
}

async function getStatus(call: Call): Promise<Answer> {
  if (call.info.name !== STORE) throw notFound(call.type, call.info.name);
  return { status: 200, object: await storeStatus(call) };
}

async function storeStatus({ type, server }: Call): Promise<KubeObject> {
  const failure = await server.store.revision('namespaces/').then(
    () => undefined,
    (error: unknown) => String(error),
  );
  const condition = { type: 'Healthy', status: failure ? 'False' : 'True', message: failure ?? 'ok' };
  return { kind: type.kind, apiVersion: type.apiVersion, metadata: { name: STORE }, conditions: [condition] };
}

export const componentStatuses: Readonly<Record<string, Verb>> = { list: listStatuses, get: getStatus };
