import { schedulerConfiguration } from '../../../functions/scheduler/configuration/configuration.ts';

const TYPE = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' };
const read = (fields: object) => schedulerConfiguration({ ...TYPE, ...fields });
const profile = (fields: object) => read({ profiles: [fields] }).profiles[0]!;
const plugins = (plugins: object) => profile({ plugins }).plugins;
const args = (name: string, args: object) => profile({ pluginConfig: [{ name, args }] }).args;

describe('a KubeSchedulerConfiguration', () => {
  test('without profiles has the default one, with all plugins and their weights', () => {
    const { profiles, podInitialBackoffMs, podMaxBackoffMs } = read({});
    expect([podInitialBackoffMs, podMaxBackoffMs]).toEqual([1000, 10_000]);
    expect(profiles.map(({ schedulerName }) => schedulerName)).toEqual(['default-scheduler']);
    const { filters, scores, preemption } = profiles[0]!.plugins;
    expect(filters).toContain('NodeResourcesFit');
    expect(Object.fromEntries(scores)).toEqual({
      TaintToleration: 3,
      NodeAffinity: 2,
      NodeResourcesFit: 1,
      PodTopologySpread: 2,
      InterPodAffinity: 2,
      NodeResourcesBalancedAllocation: 1,
      ImageLocality: 1,
    });
    expect(preemption).toBe(true);
  });

  test('disables a plugin at one point, and enables it with another weight', () => {
    const { filters, scores } = plugins({
      filter: { disabled: [{ name: 'NodePorts' }] },
      score: { disabled: [{ name: '*' }], enabled: [{ name: 'ImageLocality', weight: 7 }, { name: 'NodeAffinity' }] },
    });
    expect(filters).not.toContain('NodePorts');
    expect(filters).toContain('NodeAffinity');
    expect([...scores]).toEqual([
      ['ImageLocality', 7],
      ['NodeAffinity', 1],
    ]);
  });

  test('disables a plugin at every point by multiPoint', () => {
    const { filters, scores, preemption } = plugins({
      multiPoint: {
        disabled: [{ name: 'InterPodAffinity' }, { name: 'DefaultPreemption' }],
        enabled: [{ name: 'TaintToleration', weight: 9 }],
      },
    });
    expect(filters).not.toContain('InterPodAffinity');
    expect(scores.has('InterPodAffinity')).toBe(false);
    expect(scores.get('TaintToleration')).toBe(9);
    expect(preemption).toBe(false);
  });

  test('reads arguments with their defaults', () => {
    expect(args('NodeResourcesFit', { scoringStrategy: { type: 'MostAllocated' } }).fit?.scoringStrategy).toEqual({
      type: 'MostAllocated',
      resources: [
        { name: 'cpu', weight: 1 },
        { name: 'memory', weight: 1 },
      ],
    });
    expect(args('InterPodAffinity', {}).interPodAffinity?.hardPodAffinityWeight).toBe(1);
    expect(args('VolumeBinding', { bindTimeoutSeconds: 5 }).bindTimeoutMs).toBe(5000);
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const spread = { defaultingType: 'List', defaultConstraints: [constraint] };
    expect(args('PodTopologySpread', spread).defaultConstraints).toEqual([constraint]);
  });

  const strategy = (scoringStrategy: object) => ({
    profiles: [{ pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy } }] }],
  });
  const set = (point: string, set: object) => ({ profiles: [{ plugins: { [point]: set } }] });
  test.each([
    ['another version', { apiVersion: 'v1beta3' }, /^apiVersion: Unsupported value: "v1beta3": supported values: /],
    ['an unknown field', { profile: [] }, /^profile: Forbidden: unknown field$/],
    ['extenders', { extenders: [{}] }, /^extenders: Forbidden: extenders are not called$/],
    ['a share of more than all', { percentageOfNodesToScore: 101 }, /101: not in valid range \[0-100\]$/],
    ['a back-off that shrinks', { podInitialBackoffSeconds: 20 }, /^podMaxBackoffSeconds: .* than or equal to/],
    [
      'two profiles of one name',
      { profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
      /^profiles\[1\].schedulerName: Duplicate value: "a"$/,
    ],
    ['a profile without a name', { profiles: [{ schedulerName: 'a' }, {}] }, /^profiles\[1\].*: Required value$/],
    [
      'an unknown plugin',
      set('score', { enabled: [{ name: 'Foo' }] }),
      /enabled\[0\].name: .*"Foo": plugin does not exist$/,
    ],
    [
      'a plugin where it takes no part',
      set('score', { enabled: [{ name: 'NodeName' }] }),
      /plugin does not extend score plugin$/,
    ],
    ['no binder', set('bind', { disabled: [{ name: '*' }] }), /plugins.bind: .*"DefaultBinder": it cannot be disabled/],
    ['an unknown strategy', strategy({ type: 'Most' }), /scoringStrategy.type: Unsupported value: "Most"/],
    [
      'a ratio without a shape',
      strategy({ type: 'RequestedToCapacityRatio' }),
      /shape: Required value: at least one point must be specified$/,
    ],
    [
      'arguments of no plugin',
      { profiles: [{ pluginConfig: [{ name: 'Foo', args: {} }] }] },
      /pluginConfig\[0\].name: .*"Foo"/,
    ],
  ])('refuses %s', (_what, fields, message) => {
    expect(() => read(fields)).toThrow(message);
  });
});
