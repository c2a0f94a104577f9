import { duplicateValue, forbiddenField, required } from '../../../lib/api/causes.ts';
import type { NodeAffinity, TopologySpreadConstraint } from '../../../lib/api/types.ts';
import type { InterPodAffinityArgs } from '../plugins/inter-pod-affinity.ts';
import type { NodeResourcesFitArgs } from '../plugins/node-resources-fit.ts';
import type { DefaultConstraints } from '../plugins/pod-topology-spread.ts';
import { CPU_AND_MEMORY } from '../plugins/scoring-strategy.ts';
import { readFitArgs, readResources } from './fit-args.ts';
import { type Reading, TYPE_FIELDS } from './reading.ts';

/** DefaultPreemptionArgs: how many nodes are tried. */
export interface PreemptionLimits {
  minCandidateNodesPercentage: number;
  minCandidateNodesAbsolute: number;
}

/** The `args` of a profile's pluginConfig. What is absent is the plugin's default. */
export interface PluginArgs {
  fit?: NodeResourcesFitArgs;
  balanced?: readonly string[];
  addedAffinity?: NodeAffinity;
  interPodAffinity?: InterPodAffinityArgs;
  defaultConstraints?: DefaultConstraints;
  preemption?: PreemptionLimits;
  bindTimeoutMs?: number;
}

const MAX_INT32 = 2 ** 31 - 1;
type ReadArgs = (args: unknown, path: string, reading: Reading) => PluginArgs;

/** Source: pkg/scheduler/apis/config/validation/validation_pluginargs.go. */
const READERS: Readonly<Record<string, ReadArgs>> = {
  NodeResourcesFit: (args, path, reading) => ({ fit: readFitArgs(args, path, reading) }),
  NodeResourcesBalancedAllocation(args, path, reading) {
    const { resources } = reading.object(args, path, [...TYPE_FIELDS, 'resources']);
    const read = readResources(resources, `${path}.resources`, reading) ?? CPU_AND_MEMORY;
    read.forEach(({ weight }, i) => {
      if (weight !== 1) reading.invalid(`${path}.resources[${i}].weight`, weight, 'resource weight must be 1');
    });
    return { balanced: read.map(({ name }) => name) };
  },
  NodeAffinity(args, path, reading) {
    const { addedAffinity } = reading.object(args, path, [...TYPE_FIELDS, 'addedAffinity']);
    return addedAffinity ? { addedAffinity: readAddedAffinity(addedAffinity, `${path}.addedAffinity`, reading) } : {};
  },
  InterPodAffinity(args, path, reading) {
    const fields = ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods'] as const;
    const read = reading.object(args, path, [...TYPE_FIELDS, ...fields]);
    const [weight, ignore] = fields.map((field) => ({ value: read[field], path: `${path}.${field}` }));
    return {
      interPodAffinity: {
        hardPodAffinityWeight: reading.whole(weight!.value, weight!.path, { min: 0, max: 100, otherwise: 1 }),
        ignorePreferredTermsOfExistingPods: reading.boolean(ignore!.value, ignore!.path, false),
      },
    };
  },
  PodTopologySpread: readSpreadArgs,
  DefaultPreemption(args, path, reading) {
    const fields = ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'] as const;
    const read = reading.object(args, path, [...TYPE_FIELDS, ...fields]);
    const [percentage, absolute] = fields;
    const limits = {
      minCandidateNodesPercentage: reading.whole(read[percentage], `${path}.${percentage}`, {
        min: 0,
        max: 100,
        otherwise: 10,
      }),
      minCandidateNodesAbsolute: reading.whole(read[absolute], `${path}.${absolute}`, {
        min: 0,
        max: MAX_INT32,
        otherwise: 100,
      }),
    };
    if (limits.minCandidateNodesPercentage + limits.minCandidateNodesAbsolute === 0) {
      reading.invalid(path, limits, `${percentage} and ${absolute} cannot be both zero`);
    }
    return { preemption: limits };
  },
  VolumeBinding(args, path, reading) {
    const { bindTimeoutSeconds } = reading.object(args, path, [...TYPE_FIELDS, 'bindTimeoutSeconds']);
    const range = { min: 0, max: MAX_INT32, otherwise: 600 };
    return { bindTimeoutMs: 1000 * reading.whole(bindTimeoutSeconds, `${path}.bindTimeoutSeconds`, range) };
  },
};

export function readPluginConfig(value: unknown, path: string, reading: Reading): PluginArgs {
  const seen = new Set<string>();
  const read = reading.list(value, path).map((item, i) => {
    const at = `${path}[${i}]`;
    const { name, args } = reading.object(item, at, ['name', 'args']);
    const plugin = reading.text(name, `${at}.name`);
    if (seen.has(plugin)) reading.causes.push(duplicateValue(`${at}.name`, plugin));
    seen.add(plugin);
    const reader = READERS[plugin];
    if (reader) return reader(args, `${at}.args`, reading);
    if (plugin !== '') reading.invalid(`${at}.name`, plugin, 'there is no such plugin that takes arguments');
    return {};
  });
  return Object.assign({}, ...read);
}

function readAddedAffinity(value: unknown, path: string, reading: Reading): NodeAffinity {
  const fields = ['requiredDuringSchedulingIgnoredDuringExecution', 'preferredDuringSchedulingIgnoredDuringExecution'];
  const read = reading.object(value, path, fields);
  const [hard, soft] = fields as [string, string];
  if (read[hard] !== undefined) {
    const { nodeSelectorTerms } = reading.object(read[hard], `${path}.${hard}`, ['nodeSelectorTerms']);
    const terms = reading.list(nodeSelectorTerms, `${path}.${hard}.nodeSelectorTerms`);
    if (terms.length === 0) {
      const detail = 'must have at least one node selector term';
      reading.causes.push(required(`${path}.${hard}.nodeSelectorTerms`, detail));
    }
    terms.forEach((term, i) => {
      readTerm(term, `${path}.${hard}.nodeSelectorTerms[${i}]`, reading);
    });
  }
  reading.list(read[soft], `${path}.${soft}`).forEach((item, i) => {
    const at = `${path}.${soft}[${i}]`;
    const { weight, preference } = reading.object(item, at, ['weight', 'preference']);
    reading.whole(weight ?? 0, `${at}.weight`, { min: 1, max: 100, otherwise: 1 });
    readTerm(preference, `${at}.preference`, reading);
  });
  return read as NodeAffinity;
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] as const;

function readTerm(value: unknown, path: string, reading: Reading): void {
  const term = reading.object(value, path, ['matchExpressions', 'matchFields']);
  for (const field of ['matchExpressions', 'matchFields']) {
    reading.list(term[field], `${path}.${field}`).forEach((item, i) => {
      const at = `${path}.${field}[${i}]`;
      const { key, operator, values } = reading.object(item, at, ['key', 'operator', 'values']);
      reading.text(key, `${at}.key`);
      reading.oneOf(reading.text(operator, `${at}.operator`), `${at}.operator`, OPERATORS, 'In');
      reading.list(values, `${at}.values`);
    });
  }
}

function readSpreadArgs(args: unknown, path: string, reading: Reading): PluginArgs {
  const read = reading.object(args, path, [...TYPE_FIELDS, 'defaultingType', 'defaultConstraints']);
  const type = reading.oneOf(read['defaultingType'], `${path}.defaultingType`, ['List', 'System'], 'System');
  const at = `${path}.defaultConstraints`;
  const constraints = reading.list(read['defaultConstraints'], at);
  if (type === 'System' && constraints.length > 0) {
    reading.invalid(at, constraints, 'when .defaultingType is System');
  }
  const seen = new Set<string>();
  const list = constraints.map((item, i) => {
    const constraint = readConstraint(item, `${at}[${i}]`, reading);
    const identity = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`;
    if (seen.has(identity)) reading.causes.push(duplicateValue(`${at}[${i}]`, identity));
    seen.add(identity);
    return constraint;
  });
  return type === 'List' ? { defaultConstraints: list } : {};
}

function readConstraint(value: unknown, path: string, reading: Reading): TopologySpreadConstraint {
  const fields = ['maxSkew', 'topologyKey', 'whenUnsatisfiable', 'labelSelector'];
  const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector } = reading.object(value, path, fields);
  if (labelSelector !== undefined) {
    const detail = 'constraint must not define a selector, as they deduced for each pod';
    reading.causes.push(forbiddenField(`${path}.labelSelector`, detail));
  }
  const actions = ['DoNotSchedule', 'ScheduleAnyway'] as const;
  return {
    maxSkew: reading.whole(maxSkew ?? 0, `${path}.maxSkew`, { min: 1, max: MAX_INT32, otherwise: 1 }),
    topologyKey: reading.text(topologyKey, `${path}.topologyKey`),
    whenUnsatisfiable: reading.oneOf(
      reading.text(whenUnsatisfiable, `${path}.whenUnsatisfiable`),
      `${path}.whenUnsatisfiable`,
      actions,
      'ScheduleAnyway',
    ),
  };
}
