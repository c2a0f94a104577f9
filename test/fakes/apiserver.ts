import type { KubeObject } from '../../lib/api/object.ts';
import { alreadyExists, badRequest, conflict, expired, notFound, StatusError } from '../../lib/api/status.ts';

/** A small stand-in for the apiserver: CRUD, status, binding and watch over a Map. No validation, admission or defaults. */
export interface FakeApiserver {
  fetch(request: Request): Promise<Response>;
  /** Watches from before now end with 410, as after a compaction. */
  compact(): void;
  /** Ends every open watch. */
  disconnect(): void;
}

interface Change {
  revision: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  collection: string;
  object: KubeObject;
}

interface Target {
  /** `/apis/apps/v1|deployments` */
  collection: string;
  resource: string;
  group: string;
  namespace: string;
  name: string;
  subresource: string;
}

const PATH =
  /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/[a-z]+))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/;

export function fakeApiserver(now: () => number = () => 0): FakeApiserver {
  const objects = new Map<string, KubeObject>();
  const log: Change[] = [];
  const watchers = new Set<{ collection: string; write(change: Change): void; end(): void }>();
  let revision = 1;
  let compacted = 0;
  let uids = 0;

  const record = (type: Change['type'], target: Target, object: KubeObject) => {
    const change = { revision, type, collection: target.collection, object: structuredClone(object) };
    log.push(change);
    for (const watcher of watchers) if (watcher.collection === target.collection) watcher.write(change);
  };
  const keyOf = (t: Target) => `${t.collection}/${t.namespace}/${t.name}`;
  const find = (t: Target) => {
    const object = objects.get(keyOf(t));
    if (!object) throw notFound(t, t.name);
    return object;
  };
  const store = (t: Target, type: Change['type'], object: KubeObject) => {
    object.metadata = { ...object.metadata, resourceVersion: String(++revision) };
    const gone = object.metadata.deletionTimestamp && !object.metadata.finalizers?.length && t.resource !== 'pods';
    if (type === 'DELETED' || gone) objects.delete(keyOf(t));
    else objects.set(keyOf(t), object);
    record(gone ? 'DELETED' : type, t, object);
    return object;
  };

  const create = (t: Target, body: KubeObject) => {
    const meta = body.metadata ?? {};
    const name = meta.name ?? `${meta.generateName}${++uids}`;
    const target = { ...t, name };
    if (objects.has(keyOf(target))) throw alreadyExists(t, name);
    const creationTimestamp = `${new Date(now()).toISOString().slice(0, 19)}Z`;
    const namespace = t.namespace ? { namespace: t.namespace } : {};
    const metadata = { ...meta, ...namespace, name, uid: `uid-${++uids}`, generation: 1, creationTimestamp };
    return store(target, 'ADDED', { ...body, metadata });
  };
  const update = (t: Target, body: KubeObject) => {
    const old = find(t);
    const sent = body.metadata?.resourceVersion;
    if (sent && sent !== old.metadata!.resourceVersion) throw conflict(t, t.name, 'the object has been modified');
    if (t.subresource === 'status') return store(t, 'MODIFIED', { ...old, status: body['status'] });
    const changed = JSON.stringify(old['spec']) !== JSON.stringify(body['spec']);
    const generation = (old.metadata!.generation ?? 1) + (changed ? 1 : 0);
    return store(t, 'MODIFIED', { ...body, status: old['status'], metadata: { ...body.metadata, generation } });
  };
  const patch = (t: Target, body: object) => {
    const old = find(t);
    const merged = merge(old, body) as KubeObject;
    const sent = (body as KubeObject).metadata;
    if (sent?.uid && sent.uid !== old.metadata!.uid) throw conflict(t, t.name, 'uid mismatch');
    if (sent?.resourceVersion && sent.resourceVersion !== old.metadata!.resourceVersion)
      throw conflict(t, t.name, 'modified');
    const generation =
      old.metadata!.generation! + (JSON.stringify(old['spec']) !== JSON.stringify(merged['spec']) ? 1 : 0);
    return store(t, 'MODIFIED', { ...merged, metadata: { ...merged.metadata, generation } });
  };
  const remove = (t: Target, body: any) => {
    const old = find(t);
    const { uid, resourceVersion } = body?.preconditions ?? {};
    if (uid && uid !== old.metadata!.uid) throw conflict(t, t.name, 'Precondition failed: UID');
    if (resourceVersion && resourceVersion !== old.metadata!.resourceVersion)
      throw conflict(t, t.name, 'Precondition failed');
    const finalizers = [...(old.metadata!.finalizers ?? [])];
    if (body?.propagationPolicy === 'Orphan') finalizers.push('orphan');
    if (body?.propagationPolicy === 'Foreground') finalizers.push('foregroundDeletion');
    const graceful = t.resource === 'pods' && old['spec']?.nodeName && body?.gracePeriodSeconds !== 0;
    const deletionTimestamp = `${new Date(now()).toISOString().slice(0, 19)}Z`;
    const marked = { ...old, metadata: { ...old.metadata, finalizers, deletionTimestamp } };
    if (finalizers.length > 0 || graceful) return store(t, 'MODIFIED', marked);
    return store(t, 'DELETED', old);
  };
  const subresource = (t: Target, body: any) => {
    if (t.subresource === 'binding') {
      const old = find(t);
      if (old['spec'].nodeName)
        throw conflict(t, t.name, `pod ${t.name} is already assigned to node "${old['spec'].nodeName}"`);
      const conditions = [{ type: 'PodScheduled', status: 'True' }];
      store(t, 'MODIFIED', {
        ...old,
        spec: { ...old['spec'], nodeName: body.target.name },
        status: { ...old['status'], conditions },
      });
      return { kind: 'Status', status: 'Success' };
    }
    throw badRequest(`no subresource ${t.subresource}`);
  };

  const list = (t: Target) => ({
    metadata: { resourceVersion: String(revision) },
    items: [...objects].filter(([key]) => key.startsWith(`${t.collection}/${t.namespace}`)).map(([, object]) => object),
  });

  const watch = (t: Target, from: number, signal: AbortSignal) => {
    if (from < compacted) throw expired(`too old resource version: ${from} (${compacted})`);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const write = (change: Change) => {
          if (t.namespace && change.object.metadata!.namespace !== t.namespace) return;
          controller.enqueue(encoder.encode(`${JSON.stringify({ type: change.type, object: change.object })}\n`));
        };
        const end = () => {
          if (!watchers.delete(watcher)) return;
          controller.close();
        };
        const watcher = { collection: t.collection, write, end };
        for (const change of log) if (change.collection === t.collection && change.revision > from) write(change);
        watchers.add(watcher);
        signal.addEventListener('abort', end, { once: true });
      },
    });
    return new Response(body, { status: 200 });
  };

  const answer = async (request: Request): Promise<object | Response> => {
    const url = new URL(request.url);
    const [, root, namespace = '', resource = '', name = '', sub = ''] = PATH.exec(url.pathname) ?? [];
    if (!root) throw badRequest(`no such path ${url.pathname}`);
    const group = root.split('/')[2] === 'v1' ? '' : (root.split('/')[2] ?? '');
    const t: Target = { collection: `${root}|${resource}`, resource, group, namespace, name, subresource: sub };
    const body = request.method === 'GET' ? undefined : await request.json();
    if (request.method === 'GET' && url.searchParams.get('watch')) {
      return watch(t, Number(url.searchParams.get('resourceVersion')), request.signal);
    }
    if (request.method === 'GET') return name ? find(t) : list(t);
    if (request.method === 'POST') return sub ? subresource(t, body) : create(t, body as KubeObject);
    if (request.method === 'PUT') return update(t, body as KubeObject);
    if (request.method === 'PATCH') return patch(t, body as object);
    return remove(t, body);
  };

  return {
    async fetch(request) {
      try {
        const result = await answer(request);
        return result instanceof Response ? result : Response.json(result);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        return Response.json(error.toStatus(), { status: error.code });
      }
    },
    compact() {
      compacted = revision;
      log.length = 0;
    },
    disconnect() {
      for (const watcher of [...watchers]) watcher.end();
    },
  };
}

/** RFC 7386; of strategic merge patches only that a list is replaced. */
function merge(target: any, patch: any): any {
  if (Array.isArray(patch)) return patch.filter((entry) => !entry?.$patch);
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: any = { ...(typeof target === 'object' && !Array.isArray(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
