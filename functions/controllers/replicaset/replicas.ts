import { keyOf, type Stored } from '../../../lib/api/object.ts';
import type { LabelMatcher } from '../../../lib/api/selectors.ts';
import { isReason, StatusError } from '../../../lib/api/status.ts';
import type { ObjectMeta, Pod, ReplicaSetStatus } from '../../../lib/api/types.ts';
import type { Cache, Controller, Result } from '../../../lib/client/controller.ts';
import { pods, type ResourceType } from '../../../lib/client/resource-type.ts';
import { claim, indexOrphans, type Owner } from '../claim.ts';
import type { Hands } from '../dependencies.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { ownerKeys } from '../owner-keys.ts';
import { controllerOf, isActive, nextAvailableMs } from '../pod-state.ts';
import { podFromTemplate } from '../pod-template.ts';
import { isHeld, rememberNames, replicaNames } from '../replica-names.ts';
import { slowStart } from '../slow-start.ts';
import { type Failure, planReplicas, type ReplicaSpec, replicaStatus, sameStatus } from './plan.ts';

/** What tells a ReplicaSet from a ReplicationController. */
export interface ReplicaKind<T> {
  readonly name: string;
  readonly type: ResourceType<T>;
  selector(object: Stored<T>): LabelMatcher;
  spec(object: Stored<T>): ReplicaSpec;
  /** Whether the status counts terminating pods (KEP-3973). */
  readonly countsTerminating: boolean;
  /** Active pods, by node, that spread together with this one's. */
  related(object: Stored<T>, podCache: Cache<Pod>): ReadonlyMap<string, number>;
}

interface HasStatus {
  metadata?: ObjectMeta | undefined;
  status?: ReplicaSetStatus | undefined;
}

export function createReplicaController<T extends HasStatus>(
  kind: ReplicaKind<T>,
  cache: Cache<T>,
  podCache: Cache<Pod>,
  hands: Hands,
): Controller {
  indexOrphans(podCache);
  rememberNames(podCache);
  const reconciler = new Replicas(kind, cache, podCache, hands);
  return {
    name: kind.name,
    concurrency: 5,
    watches: [
      { type: kind.type, keys: (object, previous) => [keyOf((object ?? previous)!)] },
      { type: pods, keys: (pod, previous) => ownerKeys(kind.type.kind, cache, kind.selector, pod, previous) },
    ],
    reconcile: (key) => reconciler.reconcile(key),
  };
}

class Replicas<T extends HasStatus> {
  readonly #kind: ReplicaKind<T>;
  readonly #cache: Cache<T>;
  readonly #pods: Cache<Pod>;
  readonly #hands: Hands;
  /**
   * Pods that this instance removed and that the cache still shows alive, by owner's uid. Not needed to be right in the
   * end: it keeps a lagging cache from having other pods removed in their stead.
   */
  readonly #removed = new Map<string, Set<string>>();

  constructor(kind: ReplicaKind<T>, cache: Cache<T>, podCache: Cache<Pod>, hands: Hands) {
    this.#kind = kind;
    this.#cache = cache;
    this.#pods = podCache;
    this.#hands = hands;
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const object = this.#cache.get(key);
    if (!object) return undefined;
    const owner = this.#owner(object);
    const claimed = await claim(this.#hands.client, this.#pods, owner, isActive);
    const spec = this.#kind.spec(object);
    const failure = object.metadata.deletionTimestamp ? undefined : await this.#manage(owner, object, spec, claimed);
    await this.#writeStatus(object, spec, claimed, failure);
    if (failure) throw failure.cause;
    const wait = nextAvailableMs(claimed, spec.minReadySeconds, this.#hands.clock.now());
    return wait === undefined ? undefined : { requeueAfterMs: wait };
  }

  #owner(object: Stored<T>): Owner {
    const { type } = this.#kind;
    const apiVersion = type.group ? `${type.group}/${type.version}` : type.version;
    return { apiVersion, kind: type.kind, object, type, selector: this.#kind.selector(object) };
  }

  async #manage(owner: Owner, object: Stored<T>, spec: ReplicaSpec, claimed: readonly Stored<Pod>[]) {
    const removed = this.#stillShown(object.metadata.uid, claimed);
    const present = claimed.filter((pod) => !removed.has(pod.metadata.uid));
    const now = this.#hands.clock.now();
    const plan = planReplicas(spec.replicas, present, this.#kind.related(object, this.#pods), now);
    try {
      if (plan.create > 0) await this.#create(owner, spec, plan.create);
      if (plan.remove.length > 0) await this.#remove(object, plan.remove, removed);
      return undefined;
    } catch (error) {
      // All later creates would fail alike: the namespace controller takes what is there.
      if (isNamespaceTerminating(error)) return undefined;
      if (!(error instanceof StatusError)) throw error;
      const reason: Failure['reason'] = plan.create > 0 ? 'FailedCreate' : 'FailedDelete';
      return { reason, message: error.message, cause: error };
    }
  }

  /** Forgets those that the cache has caught up with. */
  #stillShown(uid: string, claimed: readonly Stored<Pod>[]): Set<string> {
    const known = this.#removed.get(uid);
    if (!known) return new Set();
    const shown = new Set(
      claimed.filter((pod) => isActive(pod) && known.has(pod.metadata.uid)).map((p) => p.metadata.uid),
    );
    if (shown.size > 0) this.#removed.set(uid, shown);
    else this.#removed.delete(uid);
    return shown;
  }

  async #create(owner: Owner, spec: ReplicaSpec, count: number): Promise<void> {
    const { namespace } = owner.object.metadata;
    const held = (name: string) => isHeld(this.#pods, namespace, name);
    await slowStart(replicaNames(owner.object.metadata, count, held), async (name) => {
      try {
        await this.#hands.client.create(pods, podFromTemplate(spec.template, owner, name));
        this.#hands.recorder.normal(owner.object, 'SuccessfulCreate', `Created pod: ${name}`);
      } catch (error) {
        if (isReason(error, 'AlreadyExists')) return this.#confirmOurs(owner, name, error);
        if (!isNamespaceTerminating(error)) {
          this.#hands.recorder.warning(owner.object, 'FailedCreate', `Error creating: ${(error as Error).message}`);
        }
        throw error;
      }
    });
  }

  /** Another reconciler, or this one before its cache caught up, has made it. If someone else's pod has the name, the plan is made anew when the cache shows it. */
  async #confirmOurs(owner: Owner, name: string, exists: unknown): Promise<void> {
    const { namespace, uid } = owner.object.metadata;
    const { items } = await this.#hands.client.list(pods, {
      namespace: namespace!,
      fieldSelector: `metadata.name=${name}`,
    });
    if (items[0] && controllerOf(items[0])?.uid !== uid) throw exists;
  }

  async #remove(object: Stored<T>, remove: readonly Stored<Pod>[], removed: Set<string>): Promise<void> {
    this.#removed.set(object.metadata.uid, removed);
    await Promise.all(
      remove.map(async ({ metadata: { namespace, name, uid } }) => {
        try {
          await this.#hands.client.delete(pods, { namespace, name }, { uid });
          this.#hands.recorder.normal(object, 'SuccessfulDelete', `Deleted pod: ${name}`);
        } catch (error) {
          if (!isReason(error, 'NotFound')) throw error;
        }
        removed.add(uid);
      }),
    );
  }

  async #writeStatus(
    object: Stored<T>,
    spec: ReplicaSpec,
    claimed: readonly Stored<Pod>[],
    failure: Failure | undefined,
  ) {
    const { generation } = object.metadata;
    const reported = failure && { reason: failure.reason, message: failure.message };
    const status = replicaStatus(object.status, spec, generation, claimed, reported, this.#hands.clock.now());
    if (!this.#kind.countsTerminating) delete status.terminatingReplicas;
    if (sameStatus(object.status, status)) return;
    try {
      await this.#hands.client.update(this.#kind.type, { ...object, status } as unknown as T, {
        subresource: 'status',
      });
    } catch (error) {
      // Gone, or changed: the change brings the key back.
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}
