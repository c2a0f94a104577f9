import { bound, type History } from '../../../functions/controllers/horizontal-pod-autoscaler/behavior.ts';
import type { PodMetric } from '../../../functions/controllers/horizontal-pod-autoscaler/pods.ts';
import {
  byAverageValue,
  byUtilization,
  type Measured,
  NoProposal,
} from '../../../functions/controllers/horizontal-pod-autoscaler/replicas.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const LONG_AGO = '2026-01-01T00:00:00Z';
const JUST_NOW = '2026-01-01T00:59:50Z';

interface Given {
  /** Thousandths of a core used by each ready pod; undefined: not measured. */
  used: (number | undefined)[];
  /** Pods that began to start just now, with what they use. */
  starting?: number[];
  failed?: number;
  request?: string | null;
}

function measured({ used, starting = [], failed = 0, request = '1' }: Given): Measured {
  const requests = request === null ? {} : { requests: { cpu: request } };
  const podOf = (name: string, since: string, ready: boolean, phase = 'Running'): any => ({
    metadata: { name, namespace: 'a', uid: name, resourceVersion: '1' },
    spec: { containers: [{ name: 'c', resources: requests }] },
    status: {
      phase,
      startTime: since,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }],
    },
  });
  const pods = [
    ...used.map((_, i) => podOf(`used-${i}`, LONG_AGO, true)),
    ...starting.map((_, i) => podOf(`starting-${i}`, JUST_NOW, false)),
    ...Array.from({ length: failed }, (_, i) => podOf(`failed-${i}`, LONG_AGO, false, 'Failed')),
  ];
  const metrics = new Map<string, PodMetric>();
  const measure = (name: string, value: number | undefined) => {
    if (value !== undefined) metrics.set(name, { value, timestampMs: NOW, windowMs: 15_000 });
  };
  used.forEach((value, i) => {
    measure(`used-${i}`, value);
  });
  starting.forEach((value, i) => {
    measure(`starting-${i}`, value);
  });
  const currentReplicas = pods.length - failed;
  return { pods, metrics, currentReplicas, now: NOW, toleranceUp: 0.1, toleranceDown: 0.1 };
}

describe('replicas for a utilization of the requests', () => {
  test.each<[string, Given, number, number]>([
    ['pods busier than the target: more of them', { used: [600, 700, 800] }, 30, 7],
    ['pods less busy than the target: fewer', { used: [100, 200, 300] }, 50, 2],
    ['within the tolerance nothing changes', { used: [500, 530, 540] }, 50, 3],
    [
      'a starting pod is taken to be idle, so that its start is no reason for more',
      { used: [700, 700], starting: [900] },
      50,
      3,
    ],
    ['a starting pod does not count when the others are less busy', { used: [100, 100], starting: [900] }, 50, 1],
    [
      'a pod that was not measured is taken to be idle when there should be more',
      { used: [1000, 1000, undefined] },
      50,
      4,
    ],
    ['and to use all it asked for when there should be fewer', { used: [100, 100, undefined] }, 50, 3],
    ['failed pods do not count', { used: [1000, 1000], failed: 2 }, 50, 4],
  ])('%s', (_, given, target, expected) => {
    expect(byUtilization(measured(given), 'cpu', target).replicas).toBe(expected);
  });

  test('a pod without a request cannot be judged, and is named', () => {
    const without = measured({ used: [100], request: null });
    expect(() => byUtilization(without, 'cpu', 50)).toThrow('missing request for cpu in container c of Pod used-0');
  });

  test('what is measured is told: utilization and mean', () => {
    expect(byUtilization(measured({ used: [200, 300] }), 'cpu', 50)).toMatchObject({
      utilization: 25,
      averageValue: 250,
    });
  });

  test('no measurement is no proposal', () => {
    expect(() => byUtilization(measured({ used: [undefined] }), 'cpu', 50)).toThrow(NoProposal);
  });
});

describe('replicas for an average value', () => {
  test.each<[string, Given, number, number]>([
    ['more than the target', { used: [300, 500] }, 200, 4],
    ['less than the target', { used: [50, 50, 50, 50] }, 100, 2],
    ['on the target', { used: [105, 95] }, 100, 2],
  ])('%s', (_, given, target, expected) => {
    expect(byAverageValue(measured(given), 'cpu', target).replicas).toBe(expected);
  });
});

describe('what a wish is bounded by', () => {
  const fresh = (): History => ({ recommendations: [], events: [] });
  const asked = { current: 4, desired: 20, min: 1, max: 100, behavior: undefined };

  test('without a behavior a scale at most doubles', () => {
    expect(bound(asked, fresh(), NOW)).toMatchObject({
      replicas: 8,
      limited: { status: 'True', reason: 'ScaleUpLimit' },
    });
  });

  test('the maximum and the minimum hold', () => {
    expect(bound({ ...asked, max: 6 }, fresh(), NOW)).toMatchObject({
      replicas: 6,
      limited: { reason: 'TooManyReplicas' },
    });
    const down = { ...asked, desired: 1, min: 3 };
    expect(bound(down, fresh(), NOW)).toMatchObject({ replicas: 3, limited: { reason: 'TooFewReplicas' } });
  });

  test('going down waits for five minutes without a higher recommendation', () => {
    const history = fresh();
    bound({ ...asked, desired: 4 }, history, NOW);
    const down = { ...asked, desired: 1 };
    expect(bound(down, history, NOW + 200_000)).toMatchObject({
      replicas: 4,
      stabilized: { reason: 'ScaleDownStabilized' },
    });
    expect(bound(down, history, NOW + 301_000)).toMatchObject({
      replicas: 1,
      stabilized: { reason: 'ReadyForNewScale' },
    });
  });

  test('a policy counts what its period has already changed', () => {
    const scaleUp = { policies: [{ type: 'Pods', value: 3, periodSeconds: 60 }] };
    const history = { ...fresh(), events: [{ atMs: NOW - 30_000, change: 2 }] };
    expect(bound({ ...asked, behavior: { scaleUp } }, history, NOW).replicas).toBe(5);
    expect(bound({ ...asked, behavior: { scaleUp } }, history, NOW + 60_000).replicas).toBe(7);
  });

  test('a disabled direction stays', () => {
    const behavior = { scaleDown: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 0 } };
    expect(bound({ ...asked, desired: 1, behavior }, fresh(), NOW).replicas).toBe(4);
  });

  test('of several policies the one that changes most is taken, or the least when asked for', () => {
    const policies = [
      { type: 'Pods', value: 1, periodSeconds: 60 },
      { type: 'Percent', value: 50, periodSeconds: 60 },
    ];
    const scaleDown = { stabilizationWindowSeconds: 0, policies };
    const down = { ...asked, current: 10, desired: 1 };
    expect(bound({ ...down, behavior: { scaleDown } }, fresh(), NOW).replicas).toBe(5);
    expect(
      bound({ ...down, behavior: { scaleDown: { ...scaleDown, selectPolicy: 'Min' } } }, fresh(), NOW).replicas,
    ).toBe(9);
  });
});
