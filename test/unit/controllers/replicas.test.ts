import { replicaNames } from '../../../functions/controllers/replica-names.ts';
import { planReplicas, replicaStatus } from '../../../functions/controllers/replicaset/plan.ts';
import { type PodOptions, pod } from '../../builders/objects.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const ready = (since = '2026-01-01T00:30:00Z') => ({
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }],
});
const running: PodOptions = { nodeName: 'n1', status: { phase: 'Running', ...ready() } };

function removed(replicas: number, options: PodOptions[], related = new Map<string, number>()) {
  return planReplicas(replicas, options.map(pod), related, NOW).remove.map(({ metadata }) => metadata.name);
}

describe('replica plan', () => {
  test.each([
    ['none of three', 3, [], 3],
    ['one finished', 2, [{ status: { phase: 'Succeeded' } }], 2],
    ['one on its way out', 1, [{ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }], 1],
    ['all there', 1, [running], 0],
    ['more than can be made at once', 900, [], 500],
  ] as const)('%s: makes what is missing', (_name, replicas, options, create) => {
    expect(planReplicas(replicas, (options as readonly PodOptions[]).map(pod), new Map(), NOW).create).toBe(create);
  });

  test.each<[string, PodOptions, PodOptions]>([
    ['unscheduled before scheduled', { name: 'go' }, { ...running, name: 'stay' }],
    [
      'pending before running',
      { name: 'go', nodeName: 'n1', status: { phase: 'Pending' } },
      { ...running, name: 'stay' },
    ],
    [
      'unready before ready',
      { name: 'go', nodeName: 'n1', status: { phase: 'Running' } },
      { ...running, name: 'stay' },
    ],
    [
      'cheaper before dearer',
      { ...running, name: 'go' },
      { ...running, name: 'stay', metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '10' } } },
    ],
    [
      'ready for a short time before long',
      { ...running, name: 'go', status: { phase: 'Running', ...ready('2026-01-01T00:59:00Z') } },
      { ...running, name: 'stay' },
    ],
    [
      'often restarted before seldom',
      {
        ...running,
        name: 'go',
        status: {
          phase: 'Running',
          ...ready(),
          containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: 5 }],
        },
      },
      { ...running, name: 'stay' },
    ],
    [
      'younger before older',
      { ...running, name: 'go', metadata: { creationTimestamp: '2026-01-01T00:59:50Z' } },
      { ...running, name: 'stay' },
    ],
  ])('%s', (_name, first, second) => {
    expect(removed(1, [first, second])).toEqual(['go']);
    expect(removed(1, [second, first])).toEqual(['go']);
  });

  test('the fullest node is relieved first', () => {
    const related = new Map([
      ['n1', 1],
      ['n2', 5],
    ]);
    expect(
      removed(
        1,
        [
          { ...running, name: 'stay' },
          { ...running, name: 'go', nodeName: 'n2' },
        ],
        related,
      ),
    ).toEqual(['go']);
  });

  test('status counts what is active, labelled, ready and available', () => {
    const spec = { replicas: 3, minReadySeconds: 3600, template: { metadata: { labels: { app: 'a' } } } };
    const pods = [
      pod({ ...running, labels: { app: 'a' } }),
      pod({ ...running, status: { phase: 'Running', ...ready('2025-12-31T00:00:00Z') } }),
      pod({ ...running, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    ];
    expect(replicaStatus(undefined, spec, 4, pods, undefined, NOW)).toEqual({
      replicas: 2,
      fullyLabeledReplicas: 1,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 4,
    });
  });
});

describe('replica names', () => {
  const owner = { name: 'web', uid: 'u' };

  test('two who plan alike choose alike', () => {
    expect(replicaNames(owner, 5, () => false)).toEqual(replicaNames(owner, 5, () => false));
  });

  test('names that are held are left out', () => {
    const [first, second] = replicaNames(owner, 2, () => false);
    expect(replicaNames(owner, 1, (name) => name === first)).toEqual([second]);
  });

  test('other owners of the same name choose otherwise', () => {
    expect(replicaNames({ name: 'web', uid: 'v' }, 1, () => false)).not.toEqual(replicaNames(owner, 1, () => false));
  });

  test('long names are cut so that the whole is a DNS label', () => {
    const [name] = replicaNames({ name: 'x'.repeat(200), uid: 'u' }, 1, () => false);
    expect(name).toHaveLength(63);
  });
});
