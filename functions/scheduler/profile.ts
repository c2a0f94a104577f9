import type { Caches } from '../../lib/client/controller.ts';
import type { Writers } from './apply.ts';
import type { ProfileConfiguration } from './configuration/configuration.ts';
import type { PreemptionLimits } from './configuration/plugin-args.ts';
import type { Plugin } from './framework.ts';
import { pluginsWith } from './plugins/index.ts';
import { DEFAULT_LIMITS } from './preemption.ts';
import type { Volumes } from './volumes.ts';

/** One of the schedulers that pods choose from by name. */
export interface Profile {
  readonly plugins: readonly Plugin[];
  readonly percentageOfNodesToScore: number;
  /** Undefined: no pod goes for a more important one. */
  readonly preemption: PreemptionLimits | undefined;
  /** How long a provisioner may take. */
  readonly bindTimeoutMs: number;
  /** Its Events come from the scheduler of its name. */
  readonly writers: Writers;
}

/** kube-scheduler's bindTimeoutSeconds. */
const BIND_TIMEOUT_MS = 600_000;

export function createProfile(
  configuration: ProfileConfiguration,
  caches: Caches,
  volumes: Volumes,
  writers: Writers,
): Profile {
  const { plugins, args, percentageOfNodesToScore } = configuration;
  return {
    plugins: activePlugins(pluginsWith(args, caches, volumes), plugins),
    percentageOfNodesToScore,
    preemption: plugins.preemption ? (args.preemption ?? DEFAULT_LIMITS) : undefined,
    bindTimeoutMs: args.bindTimeoutMs ?? BIND_TIMEOUT_MS,
    writers,
  };
}

/** In the order in which they filter; those that only score come last. */
function activePlugins(all: readonly Plugin[], { filters, scores }: ProfileConfiguration['plugins']): Plugin[] {
  const named = new Map(all.map((plugin) => [plugin.name, plugin]));
  const scoreOnly = [...scores.keys()].filter((name) => !filters.includes(name));
  return [
    ...filters.map((name) => ({ ...filterOf(named.get(name)!), ...scoreOf(named.get(name)!, scores.get(name)) })),
    ...scoreOnly.map((name) => ({ name, requeueOn: [], ...scoreOf(named.get(name)!, scores.get(name)) })),
  ];
}

function filterOf({ name, requeueOn, prepare, filter }: Plugin): Plugin {
  return { name, requeueOn, ...(prepare && { prepare }), ...(filter && { filter }) };
}

function scoreOf({ prepareScore, score, normalize }: Plugin, weight: number | undefined): Partial<Plugin> {
  if (weight === undefined || !score) return {};
  return { weight, score, ...(prepareScore && { prepareScore }), ...(normalize && { normalize }) };
}
