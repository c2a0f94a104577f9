import type { NodePool } from '../../../functions/capacity/api.ts';
import { candidatesOf } from '../../../functions/capacity/candidates.ts';
import { type PlanInput, planCapacity } from '../../../functions/capacity/plan.ts';
import { imageLocality } from '../../../functions/scheduler/plugins/image-locality.ts';
import { interPodAffinity } from '../../../functions/scheduler/plugins/inter-pod-affinity.ts';
import { nodeAffinity } from '../../../functions/scheduler/plugins/node-affinity.ts';
import { nodeResourcesFit } from '../../../functions/scheduler/plugins/node-resources-fit.ts';
import { taintToleration } from '../../../functions/scheduler/plugins/taint-toleration.ts';
import { podInfo } from '../../../functions/scheduler/pod-info.ts';
import { Snapshot } from '../../../functions/scheduler/snapshot.ts';
import type { InstanceType } from '../../../lib/cloud/instances.ts';
import { node, type PodOptions, pod } from '../../builders/objects.ts';

const GiB = 1024 ** 3;
const plugins = [taintToleration, nodeAffinity, nodeResourcesFit, interPodAffinity, imageLocality];

function type(name: string, cpus: number, gib: number, price: number, more: Partial<InstanceType> = {}): InstanceType {
  const offerings = ['a', 'b'].flatMap((zone) => [
    { zone: `r-1${zone}`, capacityType: 'on-demand' as const, dollarsPerHour: price },
    { zone: `r-1${zone}`, capacityType: 'spot' as const, dollarsPerHour: price / 3 },
  ]);
  return {
    name,
    architecture: 'arm64',
    milliCpus: cpus * 1000,
    memoryBytes: gib * GiB,
    maxPods: 29,
    gpus: 0,
    offerings,
    ...more,
  };
}

const types = [
  type('m.large', 2, 8, 0.08),
  type('m.xlarge', 4, 16, 0.16),
  type('m.4xlarge', 16, 64, 0.64),
  type('x.large', 2, 8, 0.1, { architecture: 'amd64' }),
];

function pool(name: string, spec: Partial<NodePool['spec']> = {}, requirements: any[] = []): NodePool {
  const onDemand = { key: 'zeroplane.dev/capacity-type', operator: 'In', values: ['on-demand'] };
  return { metadata: { name }, spec: { template: { spec: { requirements: [onDemand, ...requirements] } }, ...spec } };
}

function plan(pods: PodOptions[], pools: NodePool[] = [pool('p')], more: Partial<PlanInput> = {}) {
  const snapshot = more.snapshot ?? new Snapshot();
  const result = planCapacity({
    pending: pods.map((options) => podInfo(pod(options))),
    pools: pools.map((one) => candidatesOf(one, types, () => false)),
    snapshot,
    plugins,
    daemons: () => [],
    headroom: () => undefined,
    ...more,
  });
  return {
    machines: result.launches.map(({ candidate }) => candidate.type.name).sort(),
    sizes: result.launches.map(({ pods: taken }) => taken.length).sort(),
    hopeless: result.hopeless.length,
    launches: result.launches,
  };
}

const many = (count: number, options: PodOptions): PodOptions[] => Array.from({ length: count }, () => options);

describe('machines for pods that fit nowhere', () => {
  test('a small pod gets the cheapest machine', () => {
    expect(plan([{ requests: { cpu: '500m', memory: '512Mi' } }])).toMatchObject({
      machines: ['m.large'],
      hopeless: 0,
    });
  });

  test('a large pod gets one that is large enough', () => {
    expect(plan([{ requests: { cpu: '10' } }]).machines).toEqual(['m.4xlarge']);
  });

  test('many pods share machines instead of one each', () => {
    const { launches } = plan(many(20, { requests: { cpu: '500m', memory: '1Gi' } }));
    const dollars = launches.reduce((sum, { candidate }) => sum + candidate.offering.dollarsPerHour, 0);
    expect(launches.flatMap(({ pods }) => pods)).toHaveLength(20);
    expect(dollars).toBeLessThanOrEqual(0.64);
  });

  test('a machine that the system alone would fill is none', () => {
    const tiny = candidatesOf(pool('p'), [type('t.nano', 2, 0.5, 0.005)], () => false);
    expect(tiny).toEqual([]);
  });

  test('a pod that no machine can hold is told apart', () => {
    expect(plan([{ requests: { cpu: '100' } }, { requests: { cpu: '1' } }])).toMatchObject({
      machines: ['m.large'],
      hopeless: 1,
    });
  });

  test('a pod that fits on a node that is there needs none', () => {
    const snapshot = new Snapshot();
    snapshot.setNode(node({ name: 'there' }));
    expect(plan([{ requests: { cpu: '1' } }], undefined, { snapshot }).machines).toEqual([]);
  });

  test('architecture, zone and instance type follow the pod', () => {
    const amd = { spec: { nodeSelector: { 'kubernetes.io/arch': 'amd64' } } };
    const zone = { spec: { nodeSelector: { 'topology.kubernetes.io/zone': 'r-1b' } } };
    expect(plan([amd]).machines).toEqual(['x.large']);
    expect(plan([zone]).launches[0]!.candidate.offering.zone).toBe('r-1b');
  });

  test('a pool’s requirements bound what it makes, and spot is taken where it may be', () => {
    const spot: NodePool = { metadata: { name: 'any' }, spec: { template: { spec: {} } } };
    expect(plan([{ requests: { cpu: '1' } }], [spot]).launches[0]!.candidate.offering.capacityType).toBe('spot');
    const large = pool('large', {}, [
      { key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['m.4xlarge'] },
    ]);
    expect(plan([{ requests: { cpu: '1' } }], [large]).machines).toEqual(['m.4xlarge']);
  });

  test('pods that refuse each other get a machine each', () => {
    const labels = { app: 'db' };
    const antiAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
      ],
    };
    const pods = many(3, { labels, spec: { affinity: { podAntiAffinity: antiAffinity } } });
    expect(plan(pods).sizes).toEqual([1, 1, 1]);
  });

  test('a tainted pool serves only who tolerates it; the next pool the others', () => {
    const taints = [{ key: 'team', value: 'x', effect: 'NoSchedule' }];
    const tainted: NodePool = { ...pool('tainted'), spec: { template: { spec: { taints } } } };
    expect(plan([{}], [tainted, pool('p')]).launches[0]!.candidate.pool.metadata!.name).toBe('p');
    const tolerant = { spec: { tolerations: [{ key: 'team', operator: 'Exists' }] } };
    expect(plan([tolerant], [tainted, pool('p')]).launches[0]!.candidate.pool.metadata!.name).toBe('tainted');
  });

  test('what DaemonSets put on every node counts', () => {
    const daemon = podInfo(pod({ requests: { cpu: '1500m' } }));
    const { machines } = plan([{ requests: { cpu: '1' } }], undefined, { daemons: () => [daemon] });
    expect(machines).toEqual(['m.xlarge']);
  });

  test('a pool stays within its limits', () => {
    const pods = many(3, { requests: { cpu: '1500m' } });
    const two = plan(
      pods,
      [pool('p', {}, [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['m.large'] }])],
      {
        headroom: () => new Map([['cpu', 4000]]),
      },
    );
    expect(two).toMatchObject({ machines: ['m.large', 'm.large'], hopeless: 1 });
  });
});
