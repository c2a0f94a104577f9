import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSelector } from '../../../lib/api/selectors.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Job, Pod } from '../../../lib/api/types.ts';
import { type Cache, type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import { jobs, pods } from '../../../lib/client/resource-type.ts';
import { eachBounded } from '../../../lib/runtime/bounded.ts';
import { claim, indexOrphans, type Owner } from '../claim.ts';
import { conditionOf } from '../conditions.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { ownerKeys } from '../owner-keys.ts';
import { controllerOf } from '../pod-state.ts';
import { isHeld, rememberNames } from '../replica-names.ts';
import { sameStatus } from '../same-status.ts';
import { slowStart } from '../slow-start.ts';
import { isFinished } from './finish.ts';
import { type JobPlan, planJob } from './plan.ts';
import { isTracked, jobPod, TRACKING } from './pods.ts';

const MANAGED_BY_US = 'kubernetes.io/job-controller';
const MAX_IN_FLIGHT = 32;

export function createJobController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(jobs);
  const podCache = dependencies.caches.cache(pods);
  indexOrphans(podCache);
  rememberNames(podCache);
  const own = hands(dependencies, 'job-controller');
  const selector = (job: Stored<Job>) => fromLabelSelector(job.spec?.selector);
  return {
    name: 'job',
    concurrency: 5,
    watches: [
      watch(jobs, (job, previous) => [keyOf((job ?? previous)!)]),
      watch(pods, (pod, previous) => [...ownerKeys('Job', cache, selector, pod, previous), ...orphanKeys(cache, pod)]),
    ],
    async reconcile(key) {
      const orphan = key.startsWith(ORPHAN) ? podCache.get(key.slice(ORPHAN.length)) : undefined;
      if (key.startsWith(ORPHAN)) return orphan && releaseOrphan(orphan, cache, own);
      const job = cache.get(key);
      if (!job || (job.spec?.managedBy ?? MANAGED_BY_US) !== MANAGED_BY_US) return undefined;
      return reconcile(job, podCache, own);
    },
  };
}

/** Keys of pods that nobody will count any more: `*NAMESPACE/NAME`. */
const ORPHAN = '*';

function orphanKeys(cache: Cache<Job>, pod: Stored<Pod> | undefined): string[] {
  if (!pod || !isTracked(pod)) return [];
  const owner = controllerOf(pod);
  const job = owner?.kind === 'Job' ? cache.get(`${pod.metadata.namespace}/${owner.name}`) : undefined;
  const counted = job && job.metadata.uid === owner?.uid && !isFinished(job);
  return counted ? [] : [ORPHAN + keyOf(pod)];
}

/** Its job is gone, or finished: the finalizer would keep it for ever. */
async function releaseOrphan(pod: Stored<Pod>, cache: Cache<Job>, own: Hands): Promise<undefined> {
  if (orphanKeys(cache, pod).length === 0) return;
  const owner = controllerOf(pod);
  if (owner?.kind === 'Job' && (await isCounting(pod.metadata.namespace, owner, own))) return;
  await release(pod, own);
}

async function isCounting(
  namespace: string | undefined,
  { name, uid }: { name: string; uid: string },
  own: Hands,
): Promise<boolean> {
  try {
    const live = await own.client.get(jobs, { namespace, name });
    return live.metadata.uid === uid && !isFinished(live);
  } catch (error) {
    if (isReason(error, 'NotFound')) return false;
    throw error;
  }
}

async function reconcile(job: Stored<Job>, podCache: Cache<Pod>, own: Hands): Promise<Result | undefined> {
  const owner: Owner = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    object: job,
    type: jobs,
    selector: fromLabelSelector(job.spec?.selector),
  };
  // The API gives every job a selector; without one no pod would ever count.
  if (isFinished(job) || !job.spec?.selector) return undefined;
  const owned = await claim(
    own.client,
    podCache,
    owner,
    (pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed',
  );
  const { namespace } = job.metadata;
  const held = (name: string) => isHeld(podCache, namespace, name);
  const plan = planJob({ job, pods: owned, held, now: own.clock.now() });
  await removePods(job, plan, own);
  const { made, failure } = await createPods(job, owner, plan, own);
  plan.status.active = (plan.status.active ?? 0) - plan.create.length + made;
  // The status is written before pods are let go: their end must be written down first.
  if (!(await writeStatus(job, plan, own))) return undefined;
  await eachBounded(plan.release, MAX_IN_FLIGHT, (pod) => release(pod, own));
  if (failure) throw failure;
  return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
}

/** What the job itself stops is not counted as a failure. */
async function removePods(job: Stored<Job>, { remove, verdict }: JobPlan, own: Hands): Promise<void> {
  await eachBounded(remove, MAX_IN_FLIGHT, async (pod) => {
    const { namespace, name, uid } = pod.metadata;
    if (!verdict) await release(pod, own);
    try {
      await own.client.delete(pods, { namespace, name }, { uid });
      own.recorder.normal(job, 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  });
}

async function release(pod: Stored<Pod>, own: Hands): Promise<void> {
  if (!isTracked(pod)) return;
  const { namespace, name, uid } = pod.metadata;
  const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [TRACKING] } };
  try {
    await own.client.patch(pods, { namespace, name }, { type: 'strategic', body });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict', 'Invalid')) throw error;
  }
}

async function createPods(
  job: Stored<Job>,
  owner: Owner,
  { create }: JobPlan,
  own: Hands,
): Promise<{ made: number; failure?: unknown }> {
  let made = 0;
  try {
    await slowStart(create, async (wanted) => {
      if (await createPod(job, jobPod(job, owner, wanted), own)) made++;
    });
    return { made };
  } catch (failure) {
    return { made, failure };
  }
}

/** False: the namespace goes away. */
async function createPod(job: Stored<Job>, pod: Pod, own: Hands): Promise<boolean> {
  try {
    await own.client.create(pods, pod);
    own.recorder.normal(job, 'SuccessfulCreate', `Created pod: ${pod.metadata!.name}`);
    return true;
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return true;
    if (isNamespaceTerminating(error)) return false;
    own.recorder.warning(job, 'FailedCreate', `Error creating: ${(error as Error).message}`);
    throw error;
  }
}

/** False: the job has changed meanwhile, and is planned anew. */
async function writeStatus(job: Stored<Job>, { status, verdict }: JobPlan, own: Hands): Promise<boolean> {
  if (sameStatus(job.status, status)) return true;
  try {
    await own.client.update(jobs, { ...job, status }, { subresource: 'status' });
  } catch (error) {
    if (isReason(error, 'NotFound', 'Conflict')) return false;
    throw error;
  }
  announce(job, status, verdict, own);
  return true;
}

function announce(job: Stored<Job>, status: NonNullable<Job['status']>, verdict: JobPlan['verdict'], own: Hands): void {
  const isNow = (type: string, value: string) =>
    conditionOf(status.conditions, type)?.status === value &&
    conditionOf(job.status?.conditions, type)?.status !== value;
  if (isNow('Complete', 'True')) own.recorder.normal(job, 'Completed', 'Job completed');
  if (isNow('Failed', 'True') && verdict) own.recorder.warning(job, verdict.reason, verdict.message);
  if (isNow('Suspended', 'True')) own.recorder.normal(job, 'Suspended', 'Job suspended');
  if (isNow('Suspended', 'False')) own.recorder.normal(job, 'Resumed', 'Job resumed');
}
