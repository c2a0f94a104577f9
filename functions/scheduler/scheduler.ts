import type { Client } from '../../lib/client/client.ts';
import type { Caches, Controller, Result } from '../../lib/client/controller.ts';
import { createRecorder } from '../../lib/client/events.ts';
import {
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  storageClasses,
} from '../../lib/client/resource-type.ts';
import { eachBounded } from '../../lib/runtime/bounded.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import { bind, preempt, reportUnschedulable, type Writers } from './apply.ts';
import { takeVolumes } from './bind-volumes.ts';
import { followCluster } from './cluster-state.ts';
import { DEFAULT_CONFIGURATION, type SchedulerConfiguration } from './configuration/configuration.ts';
import { PendingPods } from './pending.ts';
import { type Plan, planPod } from './plan.ts';
import type { Bindings } from './plugins/volume-binding.ts';
import type { PodInfo } from './pod-info.ts';
import { type Preemption, planPreemption } from './preemption.ts';
import { createProfile, type Profile } from './profile.ts';
import { Snapshot } from './snapshot.ts';
import { profileOf, type State } from './state.ts';
import { Volumes } from './volumes.ts';
import { goOn, orLater, startBinding, type Waiting } from './waiting.ts';

export interface SchedulerOptions {
  caches: Caches;
  /** As `system:kube-scheduler`. */
  client: Client;
  clock: Clock;
  random: Random;
  /** What profiles there are; absent: the default one. */
  configuration?: SchedulerConfiguration;
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
  const { caches, clock, random, configuration = DEFAULT_CONFIGURATION } = options;
  const volumes = new Volumes(caches);
  const profiles = createProfiles(options, configuration, volumes);
  const plugins = [...profiles.values()].flatMap((profile) => profile.plugins);
  const pending = new PendingPods(plugins, configuration);
  const snapshot = new Snapshot();
  const budgetCache = caches.cache(podDisruptionBudgets);
  const waiting = new Map<string, Waiting>();
  const budgets = () => budgetCache.list();
  const state: State = { snapshot, pending, profiles, random, clock, budgets, volumes, waiting };
  followCluster(caches, snapshot, pending, profiles);
  volumes.subscribe(() => pending.changed('volume'));
  const keys = () => (pending.active ? [KEY] : []);
  const volumeKeys = () => (pending.active || waiting.size > 0 ? [KEY] : []);
  return {
    name: 'scheduler',
    watches: [
      ...[pods, nodes, namespaces].map((type) => ({ type, keys })),
      ...[persistentVolumeClaims, persistentVolumes, storageClasses].map((type) => ({ type, keys: volumeKeys })),
    ],
    async reconcile(): Promise<Result | undefined> {
      await eachBounded([...waiting.values()], MAX_WRITES_IN_FLIGHT, (one) => goOn(one, state));
      for (let batch = pending.take(clock.now(), BATCH); batch.length > 0; batch = pending.take(clock.now(), BATCH)) {
        const decisions = batch.map((pod) => decide(pod, state));
        await eachBounded(decisions, MAX_WRITES_IN_FLIGHT, (decision) => carryOut(decision, state));
      }
      const times = [pending.nextReadyAtMs(), ...[...waiting.values()].map(({ untilMs }) => untilMs)];
      const next = Math.min(...times.filter((time) => time !== undefined));
      return Number.isFinite(next) ? { requeueAfterMs: Math.max(1, next - clock.now()) } : undefined;
    },
  };
}

function createProfiles(
  { caches, client, clock, random }: SchedulerOptions,
  { profiles }: SchedulerConfiguration,
  volumes: Volumes,
): ReadonlyMap<string, Profile> {
  const writersOf = (component: string): Writers => {
    return { client, clock, recorder: createRecorder(client, { component, clock, random }) };
  };
  return new Map(
    profiles.map((one) => [one.schedulerName, createProfile(one, caches, volumes, writersOf(one.schedulerName))]),
  );
}

interface Decision {
  pod: PodInfo;
  plan: Plan;
  /** Of a pod that fits nowhere. */
  preemption?: Preemption;
  /** What is to be done for its volumes before it is bound. */
  bindings?: Bindings | undefined;
}

/** A placed pod counts at once for those planned after it; so does room that is being made for one. */
function decide(pod: PodInfo, state: State): Decision {
  const { snapshot, random, budgets, volumes } = state;
  const { plugins, preemption: limits, percentageOfNodesToScore } = profileOf(pod, state);
  const plan = snapshot.beside(pod, () => planPod(pod, snapshot, plugins, random, percentageOfNodesToScore));
  if (plan.node !== undefined) {
    snapshot.addPod(pod, plan.node, true);
    const binds = plugins.some(({ name }) => name === 'VolumeBinding');
    return { pod, plan, bindings: binds ? takeVolumes(pod, snapshot.node(plan.node)!, volumes) : undefined };
  }
  if (!limits || plan.plugins.length === 0) return { pod, plan };
  const preemption = snapshot.beside(pod, () =>
    planPreemption(pod, plan.resolvable, snapshot, plugins, budgets(), limits),
  );
  if (preemption.node !== undefined) snapshot.nominate(pod, preemption.node);
  return { pod, plan, preemption };
}

async function carryOut(decision: Decision, state: State): Promise<void> {
  const { pod, plan, bindings } = decision;
  const { snapshot, pending, clock } = state;
  const { writers } = profileOf(pod, state);
  if (plan.node === undefined) {
    pending.reject(pod.uid, plan.plugins, clock.now());
    return orLater(pod, state, async () => {
      await refuse(decision, plan.message, snapshot, writers);
      return true;
    });
  }
  const { node } = plan;
  if (!bindings) return orLater(pod, state, () => bind(writers, pod, node));
  return orLater(pod, state, () => startBinding(pod, node, bindings, state));
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
