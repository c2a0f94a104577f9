import { planDeployment } from '../../../functions/controllers/deployment/plan.ts';
import { fenceposts } from '../../../functions/controllers/deployment/strategy.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { Deployment, ReplicaSet } from '../../../lib/api/types.ts';
import { stored } from '../../builders/objects.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const template = (image: string, labels = {}) => ({
  metadata: { labels: { app: 'a', ...labels } },
  spec: { containers: [{ name: 'c', image }] },
});

function deployment(spec: Partial<Deployment['spec']> = {}, status: Deployment['status'] = {}): Stored<Deployment> {
  return {
    metadata: { ...stored('web', 'default'), generation: 1 },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: 'a' } },
      template: template('new'),
      progressDeadlineSeconds: 600,
      ...spec,
    },
    status,
  };
}

interface SetOptions {
  image: string;
  replicas: number;
  available?: number;
  revision?: number | bigint;
  desired?: number;
  max?: number;
}

function set({
  image,
  replicas,
  available = replicas,
  revision = 1,
  desired = 10,
  max = 13,
}: SetOptions): Stored<ReplicaSet> {
  const annotations = {
    'deployment.kubernetes.io/revision': String(revision),
    'deployment.kubernetes.io/desired-replicas': String(desired),
    'deployment.kubernetes.io/max-replicas': String(max),
  };
  const creationTimestamp = `2026-01-01T00:00:0${revision}Z`;
  return {
    metadata: stored(`web-${image}`, 'default', {}, { annotations, creationTimestamp }),
    spec: { replicas, selector: {}, template: template(image, { 'pod-template-hash': image }) },
    status: { replicas, readyReplicas: available, availableReplicas: available },
  };
}

function plan(deployment: Stored<Deployment>, sets: SetOptions[], oldPodsLeft = false) {
  const result = planDeployment({ deployment, replicaSets: sets.map(set), oldPodsLeft: () => oldPodsLeft, now: NOW });
  const sizes = Object.fromEntries(result.update.map(({ name, replicas }) => [name, replicas]));
  return { ...result, sizes, create: result.create?.replicas };
}

const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
});
const recreate = { strategy: { type: 'Recreate' } };

describe('fenceposts', () => {
  test.each([
    ['25%', '25%', 10, 3, 2],
    ['0%', '0%', 10, 0, 1],
    [1, 0, 10, 1, 0],
    ['50%', '10%', 1, 1, 0],
    [0, 5, 3, 0, 3],
  ])('surge %s and unavailable %s of %d', (maxSurge, maxUnavailable, replicas, surge, unavailable) => {
    expect(fenceposts(deployment({ replicas, ...rolling(maxSurge, maxUnavailable) }))).toEqual({
      maxSurge: surge,
      maxUnavailable: unavailable,
    });
  });
});

describe('deployment plan', () => {
  test('the first set is made whole', () => {
    const { create, revision, status } = plan(deployment(), []);
    expect(create).toBe(10);
    expect(revision).toBe('1');
    expect(status.conditions?.map(({ reason }) => reason)).toEqual([
      'NewReplicaSetCreated',
      'MinimumReplicasUnavailable',
    ]);
  });

  test('a new template gets as many as the surge allows', () => {
    const { create, revision } = plan(deployment(rolling(3, 2)), [{ image: 'old', replicas: 10, revision: 4 }]);
    expect(create).toBe(3);
    expect(revision).toBe('5');
  });

  test('a revision is an int64', () => {
    const { revision } = plan(deployment(), [{ image: 'old', replicas: 10, revision: 3546343826724305832n }]);
    expect(revision).toBe('3546343826724305833');
  });

  test.each<[string, Deployment['spec']['strategy'], SetOptions[], Record<string, number>]>([
    [
      'the old shrinks as far as availability allows',
      rolling(3, 2).strategy,
      [
        { image: 'old', replicas: 10 },
        { image: 'new', replicas: 3, available: 0, revision: 2 },
      ],
      { 'web-old': 8 },
    ],
    [
      'the new grows into the room',
      rolling(3, 2).strategy,
      [
        { image: 'old', replicas: 8 },
        { image: 'new', replicas: 3, available: 0, revision: 2 },
      ],
      { 'web-new': 5 },
    ],
    [
      'available new ones let more old ones go',
      rolling(3, 2).strategy,
      [
        { image: 'old', replicas: 8 },
        { image: 'new', replicas: 5, available: 5, revision: 2 },
      ],
      { 'web-old': 3 },
    ],
    [
      'a new set that fails keeps the old',
      rolling(3, 2).strategy,
      [
        { image: 'old', replicas: 8 },
        { image: 'new', replicas: 5, available: 0, revision: 2 },
      ],
      {},
    ],
    [
      'old ones that do not work go first',
      rolling(0, 1).strategy,
      [
        { image: 'old', replicas: 10, available: 5 },
        { image: 'new', replicas: 0, revision: 2 },
      ],
      { 'web-old': 9 },
    ],
    [
      'the end of a rollout',
      rolling(3, 2).strategy,
      [
        { image: 'old', replicas: 2 },
        { image: 'new', replicas: 10, revision: 2 },
      ],
      { 'web-old': 0 },
    ],
    ['nothing to do', rolling(3, 2).strategy, [{ image: 'new', replicas: 10, revision: 2 }], {}],
  ])('%s', (_name, strategy, sets, sizes) => {
    expect(plan(deployment({ strategy }), sets).sizes).toEqual(sizes);
  });

  test('Recreate: the old goes, then the new comes', () => {
    expect(plan(deployment(recreate), [{ image: 'old', replicas: 10 }]).sizes).toEqual({ 'web-old': 0 });
    expect(plan(deployment(recreate), [{ image: 'old', replicas: 0 }], true).create).toBeUndefined();
    expect(plan(deployment(recreate), [{ image: 'old', replicas: 0 }]).create).toBe(10);
  });

  test('scaling in the middle of a rollout keeps the proportions', () => {
    const scaled = deployment({ replicas: 30, ...rolling(3, 2) });
    const sets = [
      { image: 'old', replicas: 8 },
      { image: 'new', replicas: 5, revision: 2 },
    ];
    const { sizes } = plan(scaled, sets);
    expect(sizes).toEqual({ 'web-old': 20, 'web-new': 13 });
  });

  test('a rollback takes the old set up again under a new revision, and remembers the old one', () => {
    const { update, revision } = plan(deployment(rolling(3, 2)), [
      { image: 'new', replicas: 0, revision: 1 },
      { image: 'bad', replicas: 10, revision: 2 },
    ]);
    expect(revision).toBe('3');
    const fresh = update.find(({ name }) => name === 'web-new')!;
    expect(fresh.annotations['deployment.kubernetes.io/revision-history']).toBe('1');
    expect(fresh.replicas).toBe(3);
  });

  test('paused, nothing rolls, but sizes follow', () => {
    const paused = deployment({ paused: true, replicas: 12, ...rolling(3, 2) });
    const { sizes, create, status } = plan(paused, [{ image: 'old', replicas: 10 }]);
    expect([sizes, create]).toEqual([{ 'web-old': 12 }, undefined]);
    expect(status.conditions?.map(({ reason }) => reason)).toContain('DeploymentPaused');
  });

  test('a complete rollout removes revisions beyond the limit, the oldest first', () => {
    const sets = [1, 2, 3].map((revision) => ({ image: `old${revision}`, replicas: 0, revision }));
    const { remove } = plan(deployment({ revisionHistoryLimit: 1 }), [
      ...sets,
      { image: 'new', replicas: 10, revision: 4 },
    ]);
    expect(remove.map(({ metadata }) => metadata.name)).toEqual(['web-old1', 'web-old2']);
  });

  test('no progress within the deadline is reported', () => {
    const since = '2026-01-01T00:00:00Z';
    const conditions = [
      {
        type: 'Progressing',
        status: 'True',
        reason: 'ReplicaSetUpdated',
        lastUpdateTime: since,
        lastTransitionTime: since,
      },
    ];
    const stuck = deployment({}, { replicas: 10, updatedReplicas: 10, readyReplicas: 0, conditions });
    const { status } = plan(stuck, [{ image: 'new', replicas: 10, available: 0 }]);
    expect(status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Progressing',
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: 'ReplicaSet "web-new" has timed out progressing.',
      }),
    );
  });
});
