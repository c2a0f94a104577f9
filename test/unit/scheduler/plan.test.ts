import { planPod } from '../../../functions/scheduler/plan.ts';
import { imageLocality } from '../../../functions/scheduler/plugins/image-locality.ts';
import { interPodAffinity } from '../../../functions/scheduler/plugins/inter-pod-affinity.ts';
import { nodeAffinity } from '../../../functions/scheduler/plugins/node-affinity.ts';
import { nodePorts } from '../../../functions/scheduler/plugins/node-ports.ts';
import { nodeResourcesBalancedAllocation } from '../../../functions/scheduler/plugins/node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from '../../../functions/scheduler/plugins/node-resources-fit.ts';
import { nodeUnschedulable } from '../../../functions/scheduler/plugins/node-unschedulable.ts';
import { podTopologySpread } from '../../../functions/scheduler/plugins/pod-topology-spread.ts';
import { taintToleration } from '../../../functions/scheduler/plugins/taint-toleration.ts';
import { podInfo } from '../../../functions/scheduler/pod-info.ts';
import { Snapshot } from '../../../functions/scheduler/snapshot.ts';
import { everything, fromLabelSet } from '../../../lib/api/selectors.ts';
import { type NodeOptions, node, type PodOptions, pod } from '../../builders/objects.ts';
import { seededRandom } from '../../fakes/random.ts';

const plugins = [
  nodeUnschedulable,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  podTopologySpread((p) => (p.labels['app'] ? fromLabelSet({ app: p.labels['app'] }) : everything)),
  interPodAffinity,
  nodeResourcesBalancedAllocation,
  imageLocality,
];

function plan(nodes: NodeOptions[], existing: PodOptions[], wanted: PodOptions) {
  const snapshot = new Snapshot();
  for (const options of nodes) snapshot.setNode(node(options));
  for (const options of existing) snapshot.addPod(podInfo(pod(options)), options.nodeName!);
  const result = planPod(podInfo(pod(wanted)), snapshot, plugins, seededRandom(1));
  return result.node ?? result.message;
}

const zone = (name: string, value: string) => ({ name, labels: { zone: value } });
const app = (value: string) => ({ matchLabels: { app: value } });
const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
const near = (topologyKey: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: app('a') }],
});
const spread = (maxSkew: number, more = {}) => ({
  topologySpreadConstraints: [
    { maxSkew, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: app('a'), ...more },
  ],
});

describe('scheduler plan', () => {
  const cases: [string, NodeOptions[], PodOptions[], PodOptions, string][] = [
    ['no nodes', [], [], {}, 'no nodes available to schedule pods'],
    ['an empty node is good', [{ name: 'a' }], [], {}, 'a'],
    [
      'the emptier node is better',
      [{ name: 'a' }, { name: 'b' }],
      [{ nodeName: 'a', requests: { cpu: '2' } }],
      { requests: { cpu: '1' } },
      'b',
    ],
    [
      'each short resource is a reason of its own',
      [{ name: 'a', allocatable: { pods: '1' } }, { name: 'b' }],
      [{ nodeName: 'a' }],
      { requests: { cpu: '5', memory: '9Gi' } },
      '0/2 nodes are available: 1 Too many pods, 2 Insufficient cpu, 2 Insufficient memory.',
    ],
    [
      'an extended resource nobody has',
      [{}],
      [],
      { requests: { 'example.com/gpu': '1' } },
      '0/1 nodes are available: 1 Insufficient example.com/gpu.',
    ],
    [
      'a cordoned node',
      [{ spec: { unschedulable: true } }],
      [],
      {},
      '0/1 nodes are available: 1 node(s) were unschedulable.',
    ],
    [
      'a taint keeps pods away',
      [{ spec: { taints: [taint] } }],
      [],
      {},
      '0/1 nodes are available: 1 node(s) had untolerated taint(s).',
    ],
    [
      'a tolerated taint does not',
      [{ name: 'a', spec: { taints: [taint] } }],
      [],
      { spec: { tolerations: [{ key: 'k', operator: 'Equal', value: 'v' }] } },
      'a',
    ],
    [
      'a taint that would rather not is avoided',
      [{ name: 'a', spec: { taints: [{ ...taint, effect: 'PreferNoSchedule' }] } }, { name: 'b' }],
      [],
      {},
      'b',
    ],
    ['nodeSelector', [zone('a', '1'), zone('b', '2')], [], { spec: { nodeSelector: { zone: '2' } } }, 'b'],
    [
      'nodeSelector that nothing matches',
      [zone('a', '1')],
      [],
      { spec: { nodeSelector: { zone: '3' } } },
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    ],
    [
      'preferred node affinity',
      [zone('a', '1'), zone('b', '2')],
      [],
      {
        spec: {
          affinity: {
            nodeAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                { weight: 100, preference: { matchExpressions: [{ key: 'zone', operator: 'Gt', values: ['1'] }] } },
              ],
            },
          },
        },
      },
      'b',
    ],
    [
      'a host port that is taken',
      [{ name: 'a' }],
      [{ nodeName: 'a', hostPort: 80 }],
      { hostPort: 80 },
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    ],
    [
      'replicas of one app spread by default',
      [{ name: 'a' }, { name: 'b' }],
      [{ nodeName: 'a', labels: { app: 'a' } }],
      { labels: { app: 'a' } },
      'b',
    ],
    [
      'a skew too large is refused',
      [zone('a', '1'), zone('b', '2')],
      [{ nodeName: 'a', labels: { app: 'a' } }],
      { labels: { app: 'a' }, spec: { ...spread(1), nodeSelector: undefined } },
      'b',
    ],
    [
      'nodes without the topology label are refused',
      [{ name: 'a' }],
      [],
      { labels: { app: 'a' }, spec: spread(1) },
      "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
    ],
    [
      'too few domains count as an empty one',
      [zone('a', '1')],
      [{ nodeName: 'a', labels: { app: 'a' } }],
      { labels: { app: 'a' }, spec: spread(1, { minDomains: 2 }) },
      "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.",
    ],
    [
      'pod affinity follows',
      [zone('a', '1'), zone('b', '2')],
      [{ nodeName: 'b', labels: { app: 'a' } }],
      { spec: { affinity: { podAffinity: near('zone') } } },
      'b',
    ],
    [
      'pod affinity to nobody',
      [zone('a', '1')],
      [],
      { spec: { affinity: { podAffinity: near('zone') } } },
      "0/1 nodes are available: 1 node(s) didn't match pod affinity rules.",
    ],
    [
      'the first of a group may begin',
      [zone('a', '1')],
      [],
      { labels: { app: 'a' }, spec: { affinity: { podAffinity: near('zone') } } },
      'a',
    ],
    [
      'pod anti-affinity keeps away',
      [zone('a', '1'), zone('b', '2')],
      [{ nodeName: 'b', labels: { app: 'a' } }],
      { spec: { affinity: { podAntiAffinity: near('zone') } } },
      'a',
    ],
    [
      'anti-affinity holds the other way round too',
      [zone('a', '1')],
      [{ nodeName: 'a', labels: { app: 'b' }, spec: { affinity: { podAntiAffinity: near('zone') } } }],
      { labels: { app: 'a' } },
      "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
    ],
  ];

  test.each(cases)('%s', (_name, nodes, existing, wanted, expected) => {
    expect(plan(nodes, existing, wanted)).toBe(expected);
  });

  test('500 pods land evenly on 10 nodes', () => {
    const snapshot = new Snapshot();
    for (let i = 0; i < 10; i++) snapshot.setNode(node({ name: `n${i}`, allocatable: { cpu: '64', memory: '256Gi' } }));
    const random = seededRandom(1);
    for (let i = 0; i < 500; i++) {
      const info = podInfo(pod({ labels: { app: 'a' }, requests: { cpu: '100m' } }));
      const { node: name } = planPod(info, snapshot, plugins, random);
      snapshot.addPod(info, name!, true);
    }
    expect(snapshot.nodes().map((info) => info.pods.size)).toEqual(Array(10).fill(50));
  });
});
