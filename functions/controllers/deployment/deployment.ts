import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSelector } from '../../../lib/api/selectors.ts';
import { isReason, StatusError } from '../../../lib/api/status.ts';
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../../lib/api/types.ts';
import { type Cache, type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import { CATCH_UP_MS, OwnWrites } from '../../../lib/client/own-writes.ts';
import { deployments, pods, replicaSets } from '../../../lib/client/resource-type.ts';
import { claim, indexOrphans } from '../claim.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { ownerKeys } from '../owner-keys.ts';
import { controllerOf, isFinished } from '../pod-state.ts';
import { sameStatus } from '../same-status.ts';
import { type DeploymentPlan, planDeployment } from './plan.ts';
import { type Draft, findNew, newReplicaSet, REVISION, sizeOf } from './replica-sets.ts';
import { setCondition, timeText } from './status.ts';
import { progressDeadlineSeconds } from './strategy.ts';

export function createDeploymentController(dependencies: ControllerDependencies): Controller {
  const { caches } = dependencies;
  const cache = caches.cache(deployments);
  const sets = caches.cache(replicaSets);
  const podCache = caches.cache(pods);
  const own = hands(dependencies, 'deployment-controller');
  const writes = new OwnWrites();
  indexOrphans(sets);
  return {
    name: 'deployment',
    concurrency: 5,
    watches: [
      { type: deployments, keys: (object, previous) => [keyOf((object ?? previous)!)] },
      watch(replicaSets, (set, previous) => ownerKeys('Deployment', cache, selectorOf, set, previous)),
      // Recreate waits for the last old pod to go.
      { type: pods, keys: (pod, previous) => (pod || !previous ? [] : deploymentOfPod(sets, previous)) },
    ],
    async reconcile(key) {
      const deployment = cache.get(key);
      if (!deployment) writes.forget(key);
      return deployment && reconcile(deployment, { sets, pods: podCache, writes, own });
    },
  };
}

const selectorOf = ({ spec }: Stored<Deployment>) => fromLabelSelector(spec.selector);

function deploymentOfPod(sets: Cache<ReplicaSet>, pod: Stored<Pod>): string[] {
  const owner = controllerOf(pod);
  const replicaSet = owner?.kind === 'ReplicaSet' ? sets.get(`${pod.metadata.namespace}/${owner.name}`) : undefined;
  const deployment = replicaSet && controllerOf(replicaSet);
  return deployment?.kind === 'Deployment' ? [`${pod.metadata.namespace}/${deployment.name}`] : [];
}

interface Context {
  sets: Cache<ReplicaSet>;
  pods: Cache<Pod>;
  writes: OwnWrites;
  own: Hands;
}

async function reconcile(deployment: Stored<Deployment>, context: Context): Promise<Result | undefined> {
  const { sets, pods: podCache, writes, own } = context;
  const key = keyOf(deployment);
  // On sizes that are not the newest a rollout would exceed its bounds.
  if (writes.takeUnknown(key)) await readWrites(deployment, context);
  if (!writes.caughtUp(key)) return { requeueAfterMs: CATCH_UP_MS };
  const selector = selectorOf(deployment);
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', object: deployment, type: deployments, selector };
  const owned = await claim(own.client, sets, owner);
  const plan = planDeployment({
    deployment,
    replicaSets: owned,
    oldPodsLeft: (fresh) =>
      owned.some((set) => set !== fresh && podCache.ownedBy(set.metadata.uid).some((pod) => !isFinished(pod))),
    now: own.clock.now(),
  });
  try {
    await apply(deployment, plan, context);
  } catch (error) {
    writes.failed(key, error);
    throw error;
  }
  return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
}

async function readWrites(deployment: Stored<Deployment>, { sets, writes, own }: Context): Promise<void> {
  const { namespace, uid } = deployment.metadata;
  const { items } = await own.client.list(replicaSets, { namespace: namespace! });
  for (const set of items) if (controllerOf(set)?.uid === uid) writes.wrote(keyOf(deployment), sets, set);
}

async function apply(deployment: Stored<Deployment>, plan: DeploymentPlan, context: Context): Promise<void> {
  const { own } = context;
  if (plan.create && !(await create(deployment, plan.create, context))) return;
  for (const draft of plan.update) await update(deployment, draft, context);
  for (const { metadata } of plan.remove) {
    const { namespace, name, uid } = metadata;
    await ignoring(['NotFound', 'Conflict'], own.client.delete(replicaSets, { namespace, name }, { uid }));
  }
  await ignoring(['NotFound', 'Conflict'], write(deployment, plan.revision, plan.status, own));
}

async function ignoring(reasons: Parameters<typeof isReason>[1][], work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isReason(error, ...reasons)) throw error;
  }
}

/** False: the namespace goes away, there is nothing more to do. */
async function create(deployment: Stored<Deployment>, draft: Draft, { sets, writes, own }: Context): Promise<boolean> {
  const { namespace } = deployment.metadata;
  try {
    writes.wrote(keyOf(deployment), sets, await own.client.create(replicaSets, newReplicaSet(deployment, draft)));
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return confirmOurs(deployment, { namespace, name: draft.name }, own, error);
    if (isNamespaceTerminating(error)) return false;
    if (error instanceof StatusError) await reportFailure(deployment, draft, error, own);
    throw error;
  }
  if (draft.replicas > 0) announce(deployment, draft.name, 0, draft.replicas, own);
  return true;
}

/** Made before the cache could show it; or a collision of hashes, which another count resolves. */
async function confirmOurs(
  deployment: Stored<Deployment>,
  ref: { namespace?: string | undefined; name: string },
  own: Hands,
  exists: unknown,
): Promise<boolean> {
  const live = await own.client.get(replicaSets, ref);
  if (controllerOf(live)?.uid === deployment.metadata.uid && findNew(deployment, [live])) return true;
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  await write(deployment, undefined, { ...deployment.status, collisionCount }, own);
  throw exists;
}

async function reportFailure(
  deployment: Stored<Deployment>,
  draft: Draft,
  error: StatusError,
  own: Hands,
): Promise<void> {
  const message = `Failed to create new replica set "${draft.name}": ${error.message}`;
  own.recorder.warning(deployment, 'ReplicaSetCreateError', message);
  if (progressDeadlineSeconds(deployment) === undefined) return;
  const status: DeploymentStatus = { ...deployment.status };
  setCondition(status, 'Progressing', 'False', 'ReplicaSetCreateError', message, timeText(own.clock.now()));
  await ignoring(['NotFound', 'Conflict'], write(deployment, undefined, status, own));
}

async function update(deployment: Stored<Deployment>, draft: Draft, { sets, writes, own }: Context): Promise<void> {
  const original = draft.original!;
  const { annotations, replicas, minReadySeconds } = draft;
  const updated = await own.client.update(replicaSets, {
    ...original,
    metadata: { ...original.metadata, annotations },
    spec: { ...original.spec, replicas, minReadySeconds },
  });
  writes.wrote(keyOf(deployment), sets, updated);
  if (replicas !== sizeOf(original)) announce(deployment, draft.name, sizeOf(original), replicas, own);
}

function announce(deployment: Stored<Deployment>, name: string, from: number, to: number, own: Hands): void {
  const direction = to > from ? 'up' : 'down';
  own.recorder.normal(deployment, 'ScalingReplicaSet', `Scaled ${direction} replica set ${name} from ${from} to ${to}`);
}

async function write(
  deployment: Stored<Deployment>,
  revision: string | undefined,
  status: DeploymentStatus,
  own: Hands,
): Promise<void> {
  const { metadata } = deployment;
  const isRevised = revision !== undefined && metadata.annotations?.[REVISION] !== revision;
  if (!isRevised && sameStatus(deployment.status, status)) return;
  const annotations = isRevised ? { ...metadata.annotations, [REVISION]: revision } : metadata.annotations;
  // By the door of the status a changed annotation is no new generation. Source: getNewReplicaSet of deployment/sync.go.
  const object = { ...deployment, metadata: { ...metadata, ...(annotations && { annotations }) }, status };
  await own.client.update(deployments, object, { subresource: 'status' });
}
