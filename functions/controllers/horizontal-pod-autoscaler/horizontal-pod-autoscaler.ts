import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler } from '../../../lib/api/types.ts';
import { type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import { horizontalPodAutoscalers, nodes, pods } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { sameStatus } from '../same-status.ts';
import type { History } from './behavior.ts';
import { type Decision, decide } from './decide.ts';
import { Draft } from './draft.ts';
import { readTarget, type Target, writeScale } from './target.ts';

/** kube-controller-manager's --horizontal-pod-autoscaler-sync-period. */
const SYNC_MS = 15_000;

export function createHorizontalPodAutoscaler(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(horizontalPodAutoscalers);
  const podCache = dependencies.caches.cache(pods);
  const own = hands(dependencies, 'horizontal-pod-autoscaler');
  const nodeCache = dependencies.caches.cache(nodes);
  // Without nodes nothing runs whose load could be measured: who would have to be woken for it waits for the first.
  const idle = () => dependencies.followsLog === true && nodeCache.list().length === 0;
  const histories = new Map<string, History>();
  return {
    name: 'horizontal-pod-autoscaler',
    concurrency: 5,
    watches: [
      watch(horizontalPodAutoscalers, (autoscaler, previous) => {
        // Its own status is no reason to look again: time is.
        const sameSpec = autoscaler && previous && autoscaler.metadata.generation === previous.metadata.generation;
        return sameSpec ? [] : [keyOf((autoscaler ?? previous)!)];
      }),
      watch(nodes, (node, previous) => (dependencies.followsLog && node && !previous ? cache.list().map(keyOf) : [])),
    ],
    async reconcile(key): Promise<Result | undefined> {
      const autoscaler = cache.get(key);
      if (!autoscaler || autoscaler.metadata.deletionTimestamp) {
        histories.delete(key);
        return undefined;
      }
      const history = histories.get(key) ?? { recommendations: [], events: [] };
      histories.set(key, history);
      const draft = new Draft(autoscaler, own.clock.now());
      await scale(autoscaler, podCache.list(autoscaler.metadata.namespace), draft, history, own);
      await writeStatus(autoscaler, draft, own);
      return idle() ? undefined : { requeueAfterMs: SYNC_MS };
    },
  };
}

/** Source: reconcileAutoscaler in pkg/controller/podautoscaler/horizontal.go. */
async function scale(
  autoscaler: Stored<HorizontalPodAutoscaler>,
  podsOfNamespace: Parameters<typeof decide>[1]['pods'],
  draft: Draft,
  history: History,
  own: Hands,
): Promise<void> {
  const target = await targetOf(autoscaler, draft, own);
  if (!target) return;
  draft.able('SucceededGetScale', "the HPA controller was able to get the target's current scale");
  const context = {
    pods: podsOfNamespace,
    scale: target.scale,
    client: own.client,
    now: own.clock.now(),
    history,
    draft,
  };
  const decision = await decide(autoscaler, context);
  const current = target.scale.spec?.replicas ?? 0;
  draft.status.currentReplicas = target.scale.status?.replicas ?? 0;
  if (decision.event) own.recorder.warning(autoscaler, decision.event.reason, decision.event.message);
  if (decision.replicas === undefined) return;
  draft.status.desiredReplicas = decision.replicas;
  if (decision.replicas !== current) await rescale(autoscaler, target, decision, draft, history, own);
}

async function targetOf(
  autoscaler: Stored<HorizontalPodAutoscaler>,
  draft: Draft,
  own: Hands,
): Promise<Target | undefined> {
  try {
    return await readTarget(own.client, autoscaler);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    draft.unable('FailedGetScale', `the HPA controller was unable to get the target's current scale: ${why}`);
    own.recorder.warning(autoscaler, 'FailedGetScale', why);
    return undefined;
  }
}

async function rescale(
  autoscaler: Stored<HorizontalPodAutoscaler>,
  target: Target,
  { replicas, why }: Decision & { replicas?: number },
  draft: Draft,
  history: History,
  own: Hands,
): Promise<void> {
  const current = target.scale.spec?.replicas ?? 0;
  try {
    await writeScale(own.client, target, replicas!);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    own.recorder.warning(autoscaler, 'FailedRescale', `New size: ${replicas}; reason: ${why}; error: ${text}`);
    draft.unable('FailedUpdateScale', `the HPA controller was unable to update the target scale: ${text}`);
    draft.status.desiredReplicas = current;
    return;
  }
  history.events = remember(history.events, replicas! - current, own.clock.now());
  draft.status.lastScaleTime = new Date(own.clock.now()).toISOString().replace(/\.\d+/, '');
  draft.able('SucceededRescale', `the HPA controller was able to update the target scale to ${replicas}`);
  own.recorder.normal(autoscaler, 'SuccessfulRescale', `New size: ${replicas}; reason: ${why}`);
}

/** The longest period that a policy may look back. Source: MaxPeriodSeconds in autoscaling's validation. */
const LONGEST_PERIOD_MS = 1_800_000;

function remember(events: History['events'], change: number, now: number): History['events'] {
  return [...events.filter(({ atMs }) => now - atMs <= LONGEST_PERIOD_MS), { atMs: now, change }];
}

async function writeStatus(autoscaler: Stored<HorizontalPodAutoscaler>, { status }: Draft, own: Hands): Promise<void> {
  if (sameStatus(autoscaler.status, status)) return;
  try {
    await own.client.update(horizontalPodAutoscalers, { ...autoscaler, status }, { subresource: 'status' });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
