import { nodeResourcesFit } from '../../../functions/scheduler/plugins/node-resources-fit.ts';
import { podInfo } from '../../../functions/scheduler/pod-info.ts';
import { planPreemption } from '../../../functions/scheduler/preemption.ts';
import { Snapshot } from '../../../functions/scheduler/snapshot.ts';
import { node, type PodOptions, pod, stored } from '../../builders/objects.ts';

const GUARDED = {
  metadata: stored('b', 'default'),
  spec: { selector: { matchLabels: { app: 'guarded' } } },
  status: { disruptionsAllowed: 0 } as any,
};

interface Resident extends PodOptions {
  priority: number;
  cpu: string;
}

function plan(residents: Resident[], wanted: { priority: number; cpu: string; spec?: object }, budgets = [GUARDED]) {
  const snapshot = new Snapshot();
  for (const name of ['a', 'b']) snapshot.setNode(node({ name, allocatable: { cpu: '4' } }));
  for (const resident of residents) {
    const info = podInfo(pod({ ...resident, requests: { cpu: resident.cpu } }));
    snapshot.addPod({ ...info, priority: resident.priority }, resident.nodeName!);
  }
  const before = snapshot.nodes().map(({ pods }) => [...pods.keys()].sort());
  const { requests, ...info } = podInfo(pod({ name: 'new', requests: { cpu: wanted.cpu } }));
  const preemptor = { ...info, requests, spec: { ...info.spec, ...wanted.spec }, priority: wanted.priority };
  const result = planPreemption(preemptor, snapshot.nodes(), snapshot, [nodeResourcesFit], budgets);
  expect(snapshot.nodes().map(({ pods }) => [...pods.keys()].sort())).toEqual(before);
  return result.node === undefined
    ? result.message
    : `${result.node}: ${result.victims.map((v) => v.pod.metadata.name).join(' ')}`;
}

const at = (nodeName: string, name: string, priority: number, cpu: string, more: PodOptions = {}): Resident => ({
  nodeName,
  name,
  priority,
  cpu,
  ...more,
});

describe('preemption', () => {
  test.each<[string, Resident[], { priority: number; cpu: string; spec?: object }, string]>([
    [
      'no more pods go than have to',
      [at('a', 'x', 0, '2'), at('a', 'y', 0, '2'), at('b', 'z', 9, '4')],
      { priority: 5, cpu: '2' },
      'a: y',
    ],
    ['the less important go', [at('a', 'x', 3, '4'), at('b', 'y', 1, '4')], { priority: 5, cpu: '4' }, 'b: y'],
    [
      'the more important stay',
      [at('a', 'x', 3, '2'), at('a', 'y', 1, '2'), at('b', 'z', 9, '4')],
      { priority: 5, cpu: '2' },
      'a: y',
    ],
    [
      'few rather than many',
      [at('a', 'x', 0, '2'), at('a', 'y', 0, '2'), at('b', 'z', 0, '4')],
      { priority: 5, cpu: '4' },
      'b: z',
    ],
    [
      'a budget is kept where it can be',
      [at('a', 'x', 0, '4', { labels: { app: 'guarded' } }), at('b', 'y', 1, '4')],
      { priority: 5, cpu: '4' },
      'b: y',
    ],
    [
      'nobody is less important',
      [at('a', 'x', 5, '4'), at('b', 'y', 5, '4')],
      { priority: 5, cpu: '4' },
      '0/2 nodes are available: 2 No preemption victims found for incoming pod.',
    ],
    [
      'it asked not to',
      [at('a', 'x', 0, '4')],
      { priority: 5, cpu: '4', spec: { preemptionPolicy: 'Never' } },
      'not eligible due to preemptionPolicy=Never.',
    ],
  ])('%s', (_name, residents, wanted, expected) => {
    expect(plan(residents, wanted)).toBe(expected);
  });
});
