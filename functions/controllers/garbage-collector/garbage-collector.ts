import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { OwnerReference } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { type Controller, type Watch, watch } from '../../../lib/client/controller.ts';
import { discoverResources } from '../../../lib/client/discovery.ts';
import { customResourceDefinitions, metadataOf } from '../../../lib/client/resource-type.ts';
import { isCollectable, type Meta } from '../collectable.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { OwnerGraph, type Vertices } from './graph.ts';
import { FOREGROUND, ORPHAN, type OwnerState, planDependent } from './plan.ts';

/** Owners known to be gone for good (uids are never used again): so that 500 dependents ask once. */
const MAX_ABSENT = 10_000;

/** Deletes what has lost its owners, and carries out foreground and orphaning deletions. */
export function createGarbageCollector(dependencies: ControllerDependencies): Controller {
  const graph = new OwnerGraph(dependencies.caches);
  const own = hands(dependencies, 'generic-garbage-collector', 'garbage-collector-controller');
  const { client } = own;
  const collector = new Collector(graph, own);
  let addWatch: ((watch: Watch<any>) => void) | undefined;
  const watchOf = (vertices: Vertices): Watch<Meta> =>
    watch(vertices.type, (object, previous) => keys(graph, vertices, object, previous));

  /** Custom resources come and go; one that went leaves an empty cache. */
  async function addNewTypes(): Promise<undefined> {
    for (const { type, verbs } of await discoverResources(client)) {
      const vertices = isCollectable(verbs) && type.resource !== 'events' ? graph.add(metadataOf(type)) : undefined;
      if (vertices) addWatch?.(watchOf(vertices));
    }
  }

  return {
    name: 'garbage-collector',
    concurrency: 20,
    watches: [...graph.resources.map(watchOf), watch(metadataOf(customResourceDefinitions), () => [NEW_TYPES])],
    laterWatches(add) {
      addWatch = add;
    },
    prepare: addNewTypes,
    reconcile: (key) => (key === NEW_TYPES ? addNewTypes() : collector.reconcile(key)),
  };
}

const NEW_TYPES = '*types';

function keys(
  graph: OwnerGraph,
  vertices: Vertices,
  object: Stored<Meta> | undefined,
  previous: Stored<Meta> | undefined,
): string[] {
  const found: string[] = [];
  const finalizing = object !== undefined && isFinalizing(object);
  if (object && (object.metadata.ownerReferences?.length || finalizing)) found.push(graph.keyOf(vertices, object));
  const { uid } = (object ?? previous)!.metadata;
  // An owner went, or waits for them to go, or was replaced by another of its name.
  const replaced = object && previous && previous.metadata.uid !== uid ? [previous.metadata.uid] : [];
  for (const owner of !object || finalizing ? [uid, ...replaced] : replaced) {
    for (const dependent of graph.dependents(owner)) found.push(graph.keyOf(dependent.vertices, dependent.object));
  }
  return previous ? [...found, ...waitingOwners(graph, previous)] : found;
}

/** Owners that wait for this dependent. */
function waitingOwners(graph: OwnerGraph, { metadata }: Stored<Meta>): string[] {
  return (metadata.ownerReferences ?? []).flatMap((reference) => {
    const vertices = graph.ownerType(reference);
    const owner = vertices?.cache.get(ownerKey(vertices, reference, metadata.namespace));
    return owner && isFinalizing(owner) ? [graph.keyOf(vertices!, owner)] : [];
  });
}

function isFinalizing({ metadata }: Stored<Meta>): boolean {
  if (!metadata.deletionTimestamp) return false;
  return metadata.finalizers?.some((finalizer) => finalizer === FOREGROUND || finalizer === ORPHAN) === true;
}

function ownerKey({ type }: Vertices, { name }: OwnerReference, namespace: string | undefined): string {
  return type.namespaced ? `${namespace}/${name}` : name;
}

class Collector {
  readonly #graph: OwnerGraph;
  readonly #client: Client;
  readonly #hands: Hands;
  readonly #absent = new Set<string>();

  constructor(graph: OwnerGraph, own: Hands) {
    this.#graph = graph;
    this.#client = own.client;
    this.#hands = own;
  }

  async reconcile(key: string): Promise<undefined> {
    const { vertices, object } = this.#graph.find(key) ?? {};
    if (!vertices || !object) return;
    if (isFinalizing(object)) await this.#finalize(vertices, object);
    else if (!object.metadata.deletionTimestamp) await this.#collect(vertices, object);
  }

  async #finalize(vertices: Vertices, object: Stored<Meta>): Promise<void> {
    const dependents = this.#graph.dependents(object.metadata.uid);
    if (object.metadata.finalizers?.includes(ORPHAN)) {
      for (const dependent of dependents) await this.#drop(dependent.vertices, dependent.object, [object.metadata.uid]);
      return this.#removeFinalizer(vertices, object, ORPHAN);
    }
    const { uid } = object.metadata;
    const blocks = ({ metadata }: Stored<Meta>) =>
      metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion) === true;
    if (!dependents.some((dependent) => blocks(dependent.object)))
      await this.#removeFinalizer(vertices, object, FOREGROUND);
  }

  async #collect(vertices: Vertices, object: Stored<Meta>): Promise<void> {
    const references = [];
    for (const reference of object.metadata.ownerReferences ?? []) {
      const state = await this.#stateOf(reference, vertices, object);
      if (state === undefined) return;
      references.push({ reference, state });
    }
    const dependents = references.some(({ state }) => state !== 'solid')
      ? this.#graph.dependents(object.metadata.uid)
      : [];
    const plan = planDependent({
      references,
      finalizers: object.metadata.finalizers ?? [],
      hasDependents: dependents.length > 0,
      hasWaitingDependents: dependents.some((dependent) => isFinalizing(dependent.object)),
    });
    if (plan.action === 'drop') await this.#drop(vertices, object, plan.uids);
    if (plan.action !== 'delete') return;
    const current = plan.unblock ? await this.#unblock(vertices, object) : object;
    if (current) await this.#delete(vertices, current, plan.propagation);
  }

  /** Undefined: it cannot be told, so nothing may be deleted for it. */
  async #stateOf(
    reference: OwnerReference,
    dependent: Vertices,
    { metadata }: Stored<Meta>,
  ): Promise<OwnerState | undefined> {
    if (this.#absent.has(reference.uid)) return 'dangling';
    const vertices = this.#graph.ownerType(reference);
    if (!vertices) return undefined;
    if (vertices.type.namespaced && !dependent.type.namespaced) {
      this.#reportInvalidOwner(reference, dependent, metadata);
      return undefined;
    }
    const cached = vertices.cache.get(ownerKey(vertices, reference, metadata.namespace));
    const owner =
      cached?.metadata.uid === reference.uid ? cached : await this.#liveOwner(vertices, reference, metadata.namespace);
    if (!owner) return 'dangling';
    return owner.metadata.deletionTimestamp && owner.metadata.finalizers?.includes(FOREGROUND) ? 'waiting' : 'solid';
  }

  /** The cache may lag behind an owner that was just made: only the server's word that it is gone counts. */
  async #liveOwner(
    vertices: Vertices,
    { name, uid }: OwnerReference,
    namespace: string | undefined,
  ): Promise<Stored<Meta> | undefined> {
    const ref = vertices.type.namespaced ? { namespace, name } : { name };
    try {
      const owner = await this.#client.get(vertices.type, ref);
      if (owner.metadata.uid === uid) return owner;
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
    if (this.#absent.size >= MAX_ABSENT) this.#absent.clear();
    this.#absent.add(uid);
    return undefined;
  }

  /** A cluster-scoped object cannot be owned from within a namespace. */
  #reportInvalidOwner(reference: OwnerReference, { type }: Vertices, { name, uid }: Stored<Meta>['metadata']): void {
    const about = {
      kind: type.kind,
      apiVersion: type.group ? `${type.group}/${type.version}` : type.version,
      name,
      uid,
    };
    const owner = `ownerRef [${reference.apiVersion}/${reference.kind}, namespace: , name: ${reference.name}, uid: ${reference.uid}]`;
    this.#hands.recorder.warning(about, 'OwnerRefInvalidNamespace', `${owner} does not exist in namespace ""`);
  }

  #drop(vertices: Vertices, object: Stored<Meta>, uids: readonly string[]): Promise<unknown> {
    const ownerReferences = object.metadata.ownerReferences?.filter(({ uid }) => !uids.includes(uid)) ?? [];
    return this.#patch(vertices, object, { ownerReferences });
  }

  #unblock(vertices: Vertices, object: Stored<Meta>): Promise<Stored<Meta> | undefined> {
    const ownerReferences = object.metadata.ownerReferences?.map((reference) => ({
      ...reference,
      blockOwnerDeletion: false,
    }));
    return this.#patch(vertices, object, { ownerReferences });
  }

  async #removeFinalizer(vertices: Vertices, object: Stored<Meta>, finalizer: string): Promise<void> {
    await this.#patch(vertices, object, {
      finalizers: object.metadata.finalizers?.filter((name) => name !== finalizer),
    });
  }

  /** Over the version that was looked at: changed meanwhile, the change brings the key back. */
  async #patch({ type }: Vertices, { metadata }: Stored<Meta>, change: object): Promise<Stored<Meta> | undefined> {
    const { namespace, name, uid, resourceVersion } = metadata;
    const body = { metadata: { uid, resourceVersion, ...change } };
    try {
      return await this.#client.patch(type, { namespace, name }, { type: 'merge', body });
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #delete(
    { type }: Vertices,
    { metadata }: Stored<Meta>,
    propagationPolicy: 'Orphan' | 'Background' | 'Foreground',
  ): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata;
    try {
      await this.#client.delete(type, { namespace, name }, { uid, resourceVersion, propagationPolicy });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }
}
