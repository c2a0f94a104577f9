import type { Stored } from '../../lib/api/object.ts';
import { StatusError } from '../../lib/api/status.ts';
import type { PodDisruptionBudget } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import type { Caches, Controller, Result } from '../../lib/client/controller.ts';
import { createRecorder } from '../../lib/client/events.ts';
import { namespaces, nodes, podDisruptionBudgets, pods } from '../../lib/client/resource-type.ts';
import { eachBounded } from '../../lib/runtime/bounded.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import { bind, preempt, reportUnschedulable, type Writers } from './apply.ts';
import { DEFAULT_SCHEDULER, followCluster } from './cluster-state.ts';
import type { Plugin } from './framework.ts';
import { PendingPods } from './pending.ts';
import { type Plan, planPod } from './plan.ts';
import { defaultPlugins } from './plugins/index.ts';
import type { PodInfo } from './pod-info.ts';
import { type Preemption, planPreemption } from './preemption.ts';
import { Snapshot } from './snapshot.ts';

export interface SchedulerOptions {
  caches: Caches;
  /** As `system:kube-scheduler`. */
  client: Client;
  clock: Clock;
  random: Random;
  schedulerName?: string;
}

interface State {
  snapshot: Snapshot;
  pending: PendingPods;
  plugins: readonly Plugin[];
  random: Random;
  writers: Writers;
  budgets(): readonly Stored<PodDisruptionBudget>[];
}

/** One round plans all that is pending: there is only one thing to reconcile. */
const KEY = 'pending';
/** Pods planned against one snapshot before their bindings are written. */
const BATCH = 100;
const MAX_WRITES_IN_FLIGHT = 100;

/**
 * The scheduler as a controller with a single key: each reconcile plans every pending pod and binds it, batch by batch.
 * So a process and a Lambda drive it alike. Must run once at a time.
 */
export function createScheduler(options: SchedulerOptions): Controller {
  const { caches, clock, random, schedulerName = DEFAULT_SCHEDULER } = options;
  const plugins = defaultPlugins(caches);
  const pending = new PendingPods(plugins);
  const snapshot = new Snapshot();
  const recorder = createRecorder(options.client, { component: schedulerName, clock, random });
  const writers: Writers = { client: options.client, recorder, clock };
  const budgetCache = caches.cache(podDisruptionBudgets);
  const state: State = { snapshot, pending, plugins, random, writers, budgets: () => budgetCache.list() };
  followCluster(caches, snapshot, pending, schedulerName);
  const keys = () => (pending.active ? [KEY] : []);
  return {
    name: 'scheduler',
    watches: [pods, nodes, namespaces].map((type) => ({ type, keys })),
    async reconcile(): Promise<Result | undefined> {
      for (let batch = pending.take(clock.now(), BATCH); batch.length > 0; batch = pending.take(clock.now(), BATCH)) {
        const decisions = batch.map((pod) => decide(pod, state));
        await eachBounded(decisions, MAX_WRITES_IN_FLIGHT, (decision) => carryOut(decision, state));
      }
      const next = pending.nextReadyAtMs();
      return next === undefined ? undefined : { requeueAfterMs: Math.max(1, next - clock.now()) };
    },
  };
}

interface Decision {
  pod: PodInfo;
  plan: Plan;
  /** Of a pod that fits nowhere. */
  preemption?: Preemption;
}

/** A placed pod counts at once for those planned after it; so does room that is being made for one. */
function decide(pod: PodInfo, { snapshot, plugins, random, budgets }: State): Decision {
  const plan = snapshot.beside(pod, () => planPod(pod, snapshot, plugins, random));
  if (plan.node !== undefined) {
    snapshot.addPod(pod, plan.node, true);
    return { pod, plan };
  }
  if (plan.plugins.length === 0) return { pod, plan };
  const preemption = snapshot.beside(pod, () => planPreemption(pod, plan.resolvable, snapshot, plugins, budgets()));
  if (preemption.node !== undefined) snapshot.nominate(pod, preemption.node);
  return { pod, plan, preemption };
}

async function carryOut(decision: Decision, { snapshot, pending, writers }: State): Promise<void> {
  const { pod, plan } = decision;
  const now = writers.clock.now();
  try {
    if (plan.node === undefined) {
      pending.reject(pod.uid, plan.plugins, now);
      return await refuse(decision, plan.message, snapshot, writers);
    }
    if (await bind(writers, pod, plan.node)) return;
    undo(pod, snapshot);
    pending.retry(pod.uid, now);
  } catch (error) {
    undo(pod, snapshot);
    pending.retry(pod.uid, now);
    if (!(error instanceof StatusError)) throw error;
  }
}

async function refuse(
  { pod, preemption }: Decision,
  message: string,
  snapshot: Snapshot,
  writers: Writers,
): Promise<void> {
  if (preemption?.node === undefined) {
    const why = preemption ? `${message} preemption: ${preemption.message}` : message;
    return reportUnschedulable(writers, pod, why, snapshot.nominatedNode(pod.uid));
  }
  const { node, victims } = preemption;
  const found = `found a potential placement for pod on node ${node}, preempting ${victims.length} victims`;
  await reportUnschedulable(writers, pod, `${message} preemption: ${found}`, node);
  for (const victim of victims) await preempt(writers, pod, victim, node);
}

/** Unless the cache has shown it bound meanwhile. */
function undo(pod: PodInfo, snapshot: Snapshot): void {
  if (snapshot.isAssumed(pod.uid)) snapshot.removePod(pod.uid);
}
