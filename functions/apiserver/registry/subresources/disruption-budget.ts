import type { KubeObject } from '../../../../lib/api/object.ts';
import { fromLabelSelector } from '../../../../lib/api/selectors.ts';
import { forbidden, StatusError } from '../../../../lib/api/status.ts';
import type { PodDisruptionBudget } from '../../../../lib/api/types.ts';
import { timestamp } from '../../../../lib/runtime/clock.ts';
import type { Server } from '../../dependencies.ts';
import { keyPrefix } from '../resource-table.ts';
import { rewrite } from '../rewrite.ts';
import { decodeStored } from '../stored.ts';

/** Source: pkg/registry/core/pod/storage/eviction.go. */
const MAX_DISRUPTED_PODS = 2_000;
const RETRY_AFTER_SECONDS = 10;
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget.";

function typeOf(server: Server) {
  return server.resources.lookup('policy', 'v1', 'poddisruptionbudgets')!;
}

/** The budgets that guard a pod. */
export async function budgetsOf(server: Server, pod: KubeObject): Promise<PodDisruptionBudget[]> {
  const { namespace = '', labels } = pod.metadata ?? {};
  const { items } = await server.store.list(keyPrefix(typeOf(server), namespace));
  return items
    .map((item) => decodeStored(item.value) as PodDisruptionBudget)
    .filter((budget) => fromLabelSelector(budget.spec?.selector).matches(labels));
}

/** An unready pod may go without using up a disruption. */
export function ignoresUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

/** Takes one of the disruptions that the budget allows, or refuses with 429. */
export async function takeDisruption(
  server: Server,
  budget: PodDisruptionBudget,
  podName: string,
  dryRun: boolean,
): Promise<void> {
  const { namespace = '', name = '' } = budget.metadata ?? {};
  const now = timestamp(server.clock);
  await rewrite(server, typeOf(server), { namespace, name }, dryRun, (object) => {
    const fresh = object as PodDisruptionBudget;
    checkAllowed(fresh);
    const status = fresh.status!;
    status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
    status.disruptedPods = { ...status.disruptedPods, [podName]: now };
    if (status.disruptionsAllowed === 0) markExhausted(fresh, now);
  });
}

function checkAllowed(budget: PodDisruptionBudget): void {
  const { metadata, status } = budget;
  const name = metadata?.name ?? '';
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) throw stillProcessing(name);
  const allowed = status?.disruptionsAllowed ?? 0;
  if (allowed < 0) throw refused(name, 'pdb disruptions allowed is negative', 'pdb disruptions allowed is negative');
  if (Object.keys(status?.disruptedPods ?? {}).length > MAX_DISRUPTED_PODS) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw refused(name, why, 'too many pending evictions not confirmed by PDB controller');
  }
  if (allowed === 0) throw tooMany(whyNone(budget), undefined);
}

function whyNone({ metadata, status }: PodDisruptionBudget): string {
  const budget = `The disruption budget ${metadata?.name}`;
  const { currentHealthy = 0, desiredHealthy = 0, conditions = [] } = status ?? {};
  const condition = conditions.find(({ type }) => type === 'DisruptionAllowed');
  const failed = condition?.status === 'False' && condition.message;
  if (failed && condition.reason === 'SyncFailed') {
    return `${budget} does not allow evicting pods currently because it failed sync: ${condition.message}`;
  }
  if (currentHealthy <= desiredHealthy) {
    return `${budget} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  if (failed) return `${budget} does not allow evicting pods currently (${condition.reason}): ${condition.message}`;
  return `${budget} does not allow evicting pods currently`;
}

export function stillProcessing(name: string): StatusError {
  return tooMany(`The disruption budget ${name} is still being processed by the server.`, RETRY_AFTER_SECONDS);
}

function tooMany(message: string, retryAfterSeconds: number | undefined): StatusError {
  return new StatusError(429, 'TooManyRequests', REFUSED, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
  });
}

function refused(name: string, why: string, cause: string): StatusError {
  const error = forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, why);
  const message = `The disruption budget ${name} does not allow evicting pods currently: ${cause}`;
  return new StatusError(403, 'Forbidden', error.message, {
    ...error.details,
    causes: [{ reason: 'DisruptionBudget', message }],
  });
}

/** Source: pkg/apis/policy helper UpdateDisruptionAllowedCondition. */
function markExhausted({ metadata, status }: PodDisruptionBudget, now: string): void {
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionAllowed');
  const before = status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  status!.conditions = [
    ...others,
    {
      type: 'DisruptionAllowed',
      status: 'False',
      observedGeneration: metadata?.generation,
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : now,
      reason: 'InsufficientPods',
      message: '',
    },
  ];
}
