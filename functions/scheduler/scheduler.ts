import { StatusError } from '../../lib/api/status.ts';
import type { Client } from '../../lib/client/client.ts';
import type { Caches, Controller, Result } from '../../lib/client/controller.ts';
import { createRecorder } from '../../lib/client/events.ts';
import { namespaces, nodes, pods } from '../../lib/client/resource-type.ts';
import { eachBounded } from '../../lib/runtime/bounded.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import { bind, reportUnschedulable, type Writers } from './apply.ts';
import { DEFAULT_SCHEDULER, followCluster } from './cluster-state.ts';
import type { Plugin } from './framework.ts';
import { PendingPods } from './pending.ts';
import { planPod } from './plan.ts';
import { defaultPlugins } from './plugins/index.ts';
import type { PodInfo } from './pod-info.ts';
import { Snapshot } from './snapshot.ts';

export interface SchedulerOptions {
  caches: Caches;
  /** As `system:kube-scheduler`. */
  client: Client;
  clock: Clock;
  random: Random;
  schedulerName?: string;
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
  followCluster(caches, snapshot, pending, schedulerName);
  const keys = () => (pending.active ? [KEY] : []);
  return {
    name: 'scheduler',
    watches: [pods, nodes, namespaces].map((type) => ({ type, keys })),
    async reconcile(): Promise<Result | undefined> {
      for (let batch = pending.take(clock.now(), BATCH); batch.length > 0; batch = pending.take(clock.now(), BATCH)) {
        const decisions = batch.map((pod) => decide(pod, snapshot, plugins, random));
        await eachBounded(decisions, MAX_WRITES_IN_FLIGHT, (decision) =>
          carryOut(decision, snapshot, pending, writers),
        );
      }
      const next = pending.nextReadyAtMs();
      return next === undefined ? undefined : { requeueAfterMs: Math.max(1, next - clock.now()) };
    },
  };
}

interface Decision {
  pod: PodInfo;
  plan: ReturnType<typeof planPod>;
}

/** A placed pod counts at once for those planned after it. */
function decide(pod: PodInfo, snapshot: Snapshot, plugins: readonly Plugin[], random: Random): Decision {
  const plan = planPod(pod, snapshot, plugins, random);
  if (plan.node !== undefined) snapshot.addPod(pod, plan.node, true);
  return { pod, plan };
}

async function carryOut(
  { pod, plan }: Decision,
  snapshot: Snapshot,
  pending: PendingPods,
  writers: Writers,
): Promise<void> {
  const now = writers.clock.now();
  try {
    if (plan.node === undefined) {
      pending.reject(pod.uid, plan.plugins, now);
      return await reportUnschedulable(writers, pod, plan.message);
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

/** Unless the cache has shown it bound meanwhile. */
function undo(pod: PodInfo, snapshot: Snapshot): void {
  if (snapshot.isAssumed(pod.uid)) snapshot.removePod(pod.uid);
}
