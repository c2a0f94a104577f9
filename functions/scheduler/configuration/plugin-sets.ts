import type { Reading } from './reading.ts';

/** kube-scheduler's extension points that a configuration may name. */
export const EXTENSION_POINTS = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
  'multiPoint',
] as const;
export type ExtensionPoint = (typeof EXTENSION_POINTS)[number];

const FILTERS = ['preFilter', 'filter'] as const;
const SCORES = ['preScore', 'score'] as const;

/** kube-scheduler's default plugins in its order, where each takes part, and how much its score counts. Source: getDefaultPlugins. */
const DEFAULTS: readonly { name: string; points: readonly ExtensionPoint[]; weight?: number }[] = [
  { name: 'SchedulingGates', points: ['preEnqueue'] },
  { name: 'PrioritySort', points: ['queueSort'] },
  { name: 'NodeName', points: ['filter'] },
  { name: 'NodeUnschedulable', points: ['filter'] },
  { name: 'TaintToleration', points: ['filter', ...SCORES], weight: 3 },
  { name: 'NodeAffinity', points: [...FILTERS, ...SCORES], weight: 2 },
  { name: 'NodePorts', points: FILTERS },
  { name: 'NodeResourcesFit', points: [...FILTERS, ...SCORES], weight: 1 },
  { name: 'VolumeRestrictions', points: FILTERS },
  { name: 'NodeVolumeLimits', points: FILTERS },
  { name: 'VolumeBinding', points: [...FILTERS, 'reserve', 'preBind'] },
  { name: 'VolumeZone', points: FILTERS },
  { name: 'PodTopologySpread', points: [...FILTERS, ...SCORES], weight: 2 },
  { name: 'InterPodAffinity', points: [...FILTERS, ...SCORES], weight: 2 },
  { name: 'DefaultPreemption', points: ['postFilter'] },
  { name: 'NodeResourcesBalancedAllocation', points: SCORES, weight: 1 },
  { name: 'ImageLocality', points: ['score'], weight: 1 },
  { name: 'DefaultBinder', points: ['bind'] },
];
const BY_NAME = new Map(DEFAULTS.map((plugin) => [plugin.name, plugin]));
/** What nothing can be scheduled without. */
const INDISPENSABLE = ['SchedulingGates', 'PrioritySort', 'DefaultBinder'];

/** Of whom, by name, a profile asks whether a node will do and how good it is; in order. */
export interface ActivePlugins {
  filters: readonly string[];
  /** With the weights. */
  scores: ReadonlyMap<string, number>;
  preemption: boolean;
}

interface PluginSet {
  enabled: readonly { name: string; weight: number | undefined }[];
  disabled: readonly string[];
}

/** `plugins` of a profile, merged with the defaults. Source: mergePlugins and expandMultiPointPlugins. */
export function readPlugins(value: unknown, path: string, reading: Reading): ActivePlugins {
  const read = reading.object(value, path, EXTENSION_POINTS);
  const sets = new Map(
    EXTENSION_POINTS.map((point) => [point, readSet(read[point], point, `${path}.${point}`, reading)]),
  );
  const everywhere = mergedDefaults(sets.get('multiPoint')!);
  const at = (point: ExtensionPoint) => activeAt(point, sets.get(point)!, everywhere);
  for (const name of INDISPENSABLE) {
    const [point] = BY_NAME.get(name)!.points;
    if (!at(point!).has(name))
      reading.invalid(`${path}.${point}`, name, 'it cannot be disabled: no other plugin does its part');
  }
  // The two halves of a filter, and of a score, are one here: without either there is neither.
  const whole = (point: ExtensionPoint, half: ExtensionPoint) => {
    const halves = at(half);
    return [...at(point)].filter(([name]) => halves.has(name) || !BY_NAME.get(name)!.points.includes(half));
  };
  return {
    filters: whole('filter', 'preFilter').map(([name]) => name),
    scores: new Map(whole('score', 'preScore')),
    preemption: at('postFilter').has('DefaultPreemption'),
  };
}

function readSet(value: unknown, point: ExtensionPoint, path: string, reading: Reading): PluginSet {
  const read = reading.object(value, path, ['enabled', 'disabled']);
  const seen = new Set<string>();
  const enabled = reading.list(read['enabled'], `${path}.enabled`).map((item, i) => {
    const at = `${path}.enabled[${i}]`;
    const { name: given, weight } = reading.object(item, at, ['name', 'weight']);
    const name = reading.text(given, `${at}.name`);
    checkPlugin(name, point, `${at}.name`, reading);
    if (seen.has(name)) reading.invalid(`${at}.name`, name, `plugin already registered as "${point}"`);
    seen.add(name);
    const range = { min: 0, max: 2 ** 31 - 1, otherwise: 0 };
    return { name, weight: reading.whole(weight, `${at}.weight`, range) || undefined };
  });
  const disabled = reading.list(read['disabled'], `${path}.disabled`).map((item, i) => {
    const { name } = reading.object(item, `${path}.disabled[${i}]`, ['name', 'weight']);
    return reading.text(name, `${path}.disabled[${i}].name`);
  });
  return { enabled, disabled };
}

function checkPlugin(name: string, point: ExtensionPoint, path: string, reading: Reading): void {
  if (name === '') return;
  const known = BY_NAME.get(name);
  if (!known) reading.invalid(path, name, 'plugin does not exist');
  else if (point !== 'multiPoint' && !known.points.includes(point)) {
    reading.invalid(path, name, `plugin does not extend ${point} plugin`);
  }
}

/** An enabled one takes the place of its default. */
function mergedDefaults({ enabled, disabled }: PluginSet): ReadonlyMap<string, number> {
  const own = new Map(enabled.map(({ name, weight }) => [name, weight ?? 1]));
  const kept = DEFAULTS.filter(({ name }) => own.has(name) || !(disabled.includes('*') || disabled.includes(name)));
  return new Map(kept.map(({ name, weight }) => [name, own.get(name) ?? weight ?? 1]));
}

/** Those that are enabled for this point come first, in their order. */
function activeAt(
  point: ExtensionPoint,
  { enabled, disabled }: PluginSet,
  everywhere: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const active = new Map(enabled.map(({ name, weight }) => [name, weight ?? 1]));
  if (disabled.includes('*')) return known(active);
  for (const [name, weight] of everywhere) {
    if (active.has(name) || disabled.includes(name) || !BY_NAME.get(name)!.points.includes(point)) continue;
    active.set(name, weight);
  }
  return known(active);
}

/** A name that is wrong has been told of already. */
function known(active: Map<string, number>): ReadonlyMap<string, number> {
  return new Map([...active].filter(([name]) => BY_NAME.has(name)));
}
