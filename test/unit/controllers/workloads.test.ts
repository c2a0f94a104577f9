import { dueTime, parseSchedule } from '../../../functions/controllers/cronjob/schedule.ts';
import { planDaemonSet } from '../../../functions/controllers/daemonset/plan.ts';
import { planBudget } from '../../../functions/controllers/disruption/plan.ts';
import { formatIndexes, parseIndexes } from '../../../functions/controllers/job/indexes.ts';
import { planJob } from '../../../functions/controllers/job/plan.ts';
import { planStatefulSet, statefulSetStatus } from '../../../functions/controllers/statefulset/plan.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { CronJob, DaemonSet, Job, Pod, StatefulSet } from '../../../lib/api/types.ts';
import { type NodeOptions, node, type PodOptions, pod, stored } from '../../builders/objects.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const ready = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }];
const deleting = { metadata: { deletionTimestamp: '2026-01-01T00:59:00Z' } };
const names = (pods: readonly Stored<Pod>[]) => pods.map(({ metadata }) => metadata.name);

describe('daemon set plan', () => {
  const set = (spec: Partial<DaemonSet['spec']> = {}): Stored<DaemonSet> => ({
    metadata: stored('log', 'default'),
    spec: { selector: {}, template, ...spec },
  });
  const daemon = (name: string, nodeName: string, hash = 'new', options: PodOptions = {}) =>
    pod({
      name,
      nodeName,
      labels: { 'controller-revision-hash': hash },
      status: { phase: 'Running', conditions: ready },
      ...options,
    });
  const plan = (daemonSet: Stored<DaemonSet>, nodes: NodeOptions[], pods: Stored<Pod>[]) =>
    planDaemonSet({ daemonSet, nodes: nodes.map(node), pods, hash: 'new', now: NOW });
  const ab = [{ name: 'a' }, { name: 'b' }];

  test('one for each node', () => {
    expect(plan(set(), ab, [daemon('x', 'a')]).create).toEqual(['b']);
  });

  test('nodes that are cordoned or not ready too, tainted ones not', () => {
    const taint = (key: string, effect: string) => ({ spec: { taints: [{ key, effect }] } });
    const nodes = [
      { name: 'cordoned', ...taint('node.kubernetes.io/unschedulable', 'NoSchedule') },
      { name: 'lost', ...taint('node.kubernetes.io/unreachable', 'NoExecute') },
      { name: 'theirs', ...taint('mine', 'NoSchedule') },
    ];
    expect(plan(set(), nodes, []).create).toEqual(['cordoned', 'lost']);
  });

  test('a daemon on a node it no longer belongs to goes', () => {
    const spec = { template: { ...template, spec: { ...template.spec, nodeSelector: { disk: 'ssd' } } } };
    expect(names(plan(set(spec), ab, [daemon('x', 'a')]).remove)).toEqual(['x']);
  });

  test('a failed one is removed, and made again once it is gone', () => {
    const { create, remove } = plan(set(), [{ name: 'a' }], [daemon('x', 'a', 'new', { status: { phase: 'Failed' } })]);
    expect([create, names(remove)]).toEqual([[], ['x']]);
  });

  test('an update replaces one node at a time', () => {
    expect(names(plan(set(), ab, [daemon('x', 'a', 'old'), daemon('y', 'b', 'old')]).remove)).toEqual(['x']);
    expect(names(plan(set(), ab, [daemon('y', 'b', 'old')]).remove)).toEqual([]);
  });

  test('an old one that does not work is replaced whatever the limit', () => {
    const broken = daemon('x', 'a', 'old', { status: { phase: 'Pending' } });
    expect(names(plan(set(), ab, [broken, daemon('y', 'b', 'old')]).remove)).toEqual(['x']);
  });

  test('OnDelete leaves old ones alone', () => {
    expect(
      plan(set({ updateStrategy: { type: 'OnDelete' } }), ab, [daemon('x', 'a', 'old'), daemon('y', 'b', 'old')])
        .remove,
    ).toEqual([]);
  });

  test('surging, the new comes before the old goes', () => {
    const surging = set({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    const first = plan(surging, ab, [daemon('x', 'a', 'old'), daemon('y', 'b', 'old')]);
    expect([first.create, names(first.remove)]).toEqual([['a'], []]);
    const second = plan(surging, ab, [daemon('x', 'a', 'old'), daemon('z', 'a'), daemon('y', 'b', 'old')]);
    expect(names(second.remove)).toEqual(['x']);
  });

  test('status', () => {
    expect(plan(set(), [...ab, { name: 'c' }], [daemon('x', 'a'), daemon('y', 'b', 'old')]).status).toMatchObject({
      desiredNumberScheduled: 3,
      currentNumberScheduled: 2,
      numberReady: 2,
      updatedNumberScheduled: 1,
      numberUnavailable: 1,
    });
  });
});

describe('stateful set plan', () => {
  const set = (spec: Partial<StatefulSet['spec']> = {}): Stored<StatefulSet> => ({
    metadata: stored('db', 'default'),
    spec: { replicas: 3, selector: {}, serviceName: 'db', template, ...spec },
  });
  const member = (ordinal: number, revision = 'new', options: PodOptions = {}) =>
    pod({
      name: `db-${ordinal}`,
      labels: { 'controller-revision-hash': revision },
      status: { phase: 'Running', conditions: ready },
      ...options,
    });
  const plan = (statefulSet: Stored<StatefulSet>, pods: Stored<Pod>[], currentRevision = 'new') => {
    const observed = { set: statefulSet, pods, currentRevision, updateRevision: 'new', now: NOW };
    const { create, remove } = planStatefulSet(observed);
    return {
      create: create.map(({ ordinal, revision }) => `${ordinal} ${revision}`),
      remove: names(remove),
      status: statefulSetStatus(observed),
    };
  };
  const parallel = { podManagementPolicy: 'Parallel' };
  const pending = { status: { phase: 'Pending' } };

  test.each<[string, Partial<StatefulSet['spec']>, Stored<Pod>[], string[], string[]]>([
    ['the first comes first', {}, [], ['0 new'], []],
    ['the next waits until it is ready', {}, [member(0, 'new', pending)], [], []],
    ['then it comes', {}, [member(0)], ['1 new'], []],
    ['in parallel all come', parallel, [], ['0 new', '1 new', '2 new'], []],
    ['a failed one is removed', {}, [member(0, 'new', { status: { phase: 'Failed' } })], [], ['db-0']],
    ['one that is going is waited for', {}, [member(0, 'new', deleting), member(1)], [], []],
    ['the highest goes first', { replicas: 1 }, [member(0), member(1), member(2)], [], ['db-2']],
    ['and alone', { replicas: 1 }, [member(0), member(1), member(2, 'new', deleting)], [], []],
    ['in parallel all go', { ...parallel, replicas: 1 }, [member(0), member(1), member(2)], [], ['db-2', 'db-1']],
    ['an update begins at the top', {}, [member(0, 'old'), member(1, 'old'), member(2, 'old')], [], ['db-2']],
    ['and goes on when that is ready', {}, [member(0, 'old'), member(1, 'old'), member(2)], [], ['db-1']],
    ['not before', {}, [member(0, 'old'), member(1, 'old'), member(2, 'new', pending)], [], []],
    [
      'down to the partition',
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
      [member(0, 'old'), member(1, 'old'), member(2)],
      [],
      [],
    ],
    [
      'OnDelete waits for the user',
      { updateStrategy: { type: 'OnDelete' } },
      [member(0, 'old'), member(1), member(2)],
      [],
      [],
    ],
  ])('%s', (_name, spec, pods, create, remove) => {
    expect(plan(set(spec), pods, 'old')).toMatchObject({ create, remove });
  });

  test('below the partition pods come back in their old revision', () => {
    const partitioned = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    expect(plan(partitioned, [member(1), member(2)], 'old').create).toEqual(['0 old']);
  });

  test('ordinals may start elsewhere', () => {
    expect(plan(set({ ordinals: { start: 5 } }), []).create).toEqual(['5 new']);
  });

  test('a complete update makes the new revision the current one', () => {
    expect(plan(set(), [member(0), member(1), member(2)], 'old').status).toMatchObject({
      currentRevision: 'new',
      currentReplicas: 3,
      updatedReplicas: 3,
    });
    expect(plan(set(), [member(0, 'old'), member(1), member(2)], 'old').status).toMatchObject({
      currentRevision: 'old',
      currentReplicas: 1,
      updatedReplicas: 2,
    });
  });
});

describe('completion indexes', () => {
  test.each(['', '0', '0,1', '0-2', '0,2-4,7'])('%s is read and written alike', (text) => {
    expect(formatIndexes(parseIndexes(text, 10))).toBe(text);
  });
});

describe('job plan', () => {
  const job = (spec: Partial<Job['spec']> = {}, status: Job['status'] = {}): Stored<Job> => ({
    metadata: stored('j', 'default'),
    spec: { template, backoffLimit: 6, ...spec },
    status,
  });
  const tracked = (name: string, phase: string, options: PodOptions = {}) =>
    pod({
      name,
      status: {
        phase,
        containerStatuses: [
          {
            name: 'c',
            image: '',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { terminated: { exitCode: phase === 'Failed' ? 42 : 0, finishedAt: '2026-01-01T00:59:55Z' } },
          },
        ],
      },
      ...options,
      metadata: { finalizers: ['batch.kubernetes.io/job-tracking'], ...options.metadata },
    });
  const plan = (object: Stored<Job>, pods: Stored<Pod>[] = []) =>
    planJob({ job: object, pods, held: () => false, now: NOW });

  test.each<[string, Partial<Job['spec']>, Stored<Pod>[], number]>([
    ['as many as may run at once', { completions: 5, parallelism: 2 }, [], 2],
    ['no more than are left to do', { completions: 3, parallelism: 5 }, [tracked('a', 'Succeeded')], 2],
    ['a work queue gets all', { parallelism: 3 }, [], 3],
    [
      'none after the first success of a work queue',
      { parallelism: 3 },
      [tracked('a', 'Succeeded'), tracked('b', 'Running')],
      0,
    ],
    ['none while suspended', { completions: 1, parallelism: 1, suspend: true }, [], 0],
    ['none right after a failure', { completions: 1, parallelism: 1 }, [tracked('a', 'Failed')], 0],
  ])('%s', (_name, spec, pods, create) => {
    expect(plan(job(spec), pods).create).toHaveLength(create);
  });

  test('a pod that ended is written down before it is let go, then becomes a number', () => {
    const first = plan(job({ completions: 2, parallelism: 1 }), [tracked('a', 'Succeeded')]);
    expect(first.status.uncountedTerminatedPods).toEqual({ succeeded: ['uid-a'] });
    expect(names(first.release)).toEqual(['a']);
    const released = tracked('a', 'Succeeded', { metadata: { finalizers: [] } });
    const second = plan(job({ completions: 2, parallelism: 1 }, first.status), [released]);
    expect(second.status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} });
  });

  test('the end comes when everything is counted', () => {
    const ended = plan(job({ completions: 1, parallelism: 1 }), [tracked('a', 'Succeeded')]);
    expect(ended.status.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet']);
    const counted = plan(job({ completions: 1, parallelism: 1 }, ended.status), []);
    expect(counted.status.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet', 'Complete']);
    expect(counted.status.completionTime).toBe('2026-01-01T01:00:00Z');
  });

  test.each<[string, Partial<Job['spec']>, Job['status'], string]>([
    ['too many failures', { backoffLimit: 0 }, {}, 'BackoffLimitExceeded'],
    ['a deadline', { activeDeadlineSeconds: 60 }, { startTime: '2026-01-01T00:00:00Z' }, 'DeadlineExceeded'],
    [
      'a rule',
      { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } },
      {},
      'PodFailurePolicy',
    ],
  ])('%s fails it, and stops what runs', (_name, spec, status, reason) => {
    const { verdict, remove } = plan(job({ completions: 3, parallelism: 2, ...spec }, status), [
      tracked('a', 'Failed'),
      tracked('b', 'Running'),
    ]);
    expect([verdict?.reason, names(remove)]).toEqual([reason, ['b']]);
  });

  test('a failure that a rule ignores does not count', () => {
    const podFailurePolicy = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [42] } }] };
    const { status, verdict, release } = plan(job({ completions: 1, backoffLimit: 0, podFailurePolicy }), [
      tracked('a', 'Failed'),
    ]);
    expect([status.failed, verdict, names(release)]).toEqual([0, undefined, ['a']]);
  });

  test('each index has one pod', () => {
    const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 };
    const at = (index: number, phase: string) =>
      tracked(`j-${index}`, phase, {
        metadata: {
          annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
          finalizers: ['batch.kubernetes.io/job-tracking'],
        },
      });
    const { create, status } = plan(job(indexed), [at(0, 'Succeeded'), at(2, 'Running')]);
    expect(create.map(({ index }) => index)).toEqual([1]);
    expect(status.completedIndexes).toBe('0');
  });
});

describe('disruption budget plan', () => {
  const healthy = (count: number) =>
    Array.from({ length: count }, () => pod({ status: { phase: 'Running', conditions: ready } }));
  test.each([
    [{ minAvailable: 2 }, 3, 3, 1],
    [{ minAvailable: 3 }, 3, 3, 0],
    [{ minAvailable: '50%' }, 4, 4, 2],
    [{ maxUnavailable: 1 }, 3, 3, 1],
    [{ maxUnavailable: 1 }, 2, 3, 0],
    [{ maxUnavailable: '50%' }, 10, 10, 5],
    [{ minAvailable: 0 }, 0, 0, 0],
  ])('%j with %d of %d healthy allows %d', (spec, present, expected, allowed) => {
    const budget = { metadata: stored('b', 'default'), spec };
    expect(planBudget({ budget, pods: healthy(present), expected, now: NOW }).status.disruptionsAllowed).toBe(allowed);
  });

  test('a pod whose eviction was allowed counts as gone until it is, or long enough is over', () => {
    const pods = healthy(3);
    const disruptedPods = { [pods[0]!.metadata.name]: '2026-01-01T00:59:00Z' };
    const budget = { metadata: stored('b', 'default'), spec: { minAvailable: 2 }, status: { disruptedPods } as any };
    expect(planBudget({ budget, pods, expected: 3, now: NOW }).status.disruptionsAllowed).toBe(0);
    expect(planBudget({ budget, pods, expected: 3, now: NOW + 300_000 }).status.disruptionsAllowed).toBe(1);
  });
});

describe('cron schedule', () => {
  const at = (text: string) => Date.parse(text);
  const cronJob = (schedule: string, more: object = {}, status: object = {}): CronJob => ({
    metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { schedule, jobTemplate: { spec: { template } }, ...more },
    status,
  });

  test.each([
    ['*/5 * * * *', undefined, '2026-01-01T00:05:00.000Z'],
    ['0 9 * * *', 'Europe/Berlin', '2026-01-01T08:00:00.000Z'],
    ['@hourly', undefined, '2026-01-01T01:00:00.000Z'],
    ['@every 90s', undefined, '2026-01-01T00:01:30.000Z'],
    ['0 0 13 * 5', undefined, '2026-01-02T00:00:00.000Z'],
  ])('%s in %s comes next at %s', (schedule, timeZone, next) => {
    const parsed = parseSchedule(cronJob(schedule, timeZone ? { timeZone } : {}));
    expect(new Date(parsed.next(at('2026-01-01T00:00:00Z'))!).toISOString()).toBe(next);
  });

  test('what does not parse is refused', () => {
    expect(() => parseSchedule(cronJob('61 * * * *'))).toThrow();
  });

  test.each([
    ['the latest that has come is due', {}, {}, '2026-01-01T01:00:00Z'],
    ['what was served is not due again', {}, { lastScheduleTime: '2026-01-01T01:00:00Z' }, undefined],
    ['nor what is over the deadline', { startingDeadlineSeconds: 10 }, {}, undefined],
  ])('%s', (_name, spec, status, due) => {
    const object = cronJob('0 * * * *', spec, status);
    const { dueMs } = dueTime(object, parseSchedule(object), at('2026-01-01T01:30:00Z'));
    expect(dueMs).toBe(due === undefined ? undefined : at(due));
  });
});
