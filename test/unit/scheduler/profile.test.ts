import { schedulerConfiguration } from '../../../functions/scheduler/configuration/configuration.ts';
import { planPod } from '../../../functions/scheduler/plan.ts';
import { podInfo } from '../../../functions/scheduler/pod-info.ts';
import { createProfile } from '../../../functions/scheduler/profile.ts';
import { Snapshot } from '../../../functions/scheduler/snapshot.ts';
import { Volumes } from '../../../functions/scheduler/volumes.ts';
import { createCaches } from '../../../lib/client/cache.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { createRecorder } from '../../../lib/client/events.ts';
import { type NodeOptions, node, type PodOptions, pod } from '../../builders/objects.ts';
import { fakeApiserver } from '../../fakes/apiserver.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

/** Where a pod goes by a profile, or why nowhere. */
function plan(profile: object, nodes: NodeOptions[], existing: PodOptions[], wanted: PodOptions) {
  const [configuration] = schedulerConfiguration({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    profiles: [profile],
  }).profiles;
  const clock = fakeClock();
  const random = seededRandom(1);
  const client = createClient(fakeApiserver(clock.now).fetch, { userAgent: 'test' });
  const caches = createCaches(client, { clock, random });
  const recorder = createRecorder(client, { component: 'test', clock, random });
  const { plugins } = createProfile(configuration!, caches, new Volumes(caches), { client, clock, recorder });
  const snapshot = new Snapshot();
  for (const options of nodes) snapshot.setNode(node(options));
  for (const options of existing) snapshot.addPod(podInfo(pod(options)), options.nodeName!);
  const result = planPod(podInfo(pod(wanted)), snapshot, plugins, random);
  return result.node ?? result.message;
}

const withArgs = (name: string, args: object) => ({ pluginConfig: [{ name, args }] });
const fit = (scoringStrategy: object) => withArgs('NodeResourcesFit', { scoringStrategy });
const half = { nodeName: 'n2', requests: { cpu: '2', memory: '4Gi' } };
const wanted = { requests: { cpu: '1', memory: '2Gi' } };
const two = [{ name: 'n1' }, { name: 'n2' }];

describe('a profile', () => {
  test('that is not configured spreads, one of MostAllocated packs', () => {
    expect(plan({}, two, [half], wanted)).toBe('n1');
    expect(plan(fit({ type: 'MostAllocated' }), two, [half], wanted)).toBe('n2');
  });

  test('of RequestedToCapacityRatio follows its shape', () => {
    const shaped = (...scores: number[]) =>
      fit({
        type: 'RequestedToCapacityRatio',
        requestedToCapacityRatio: { shape: scores.map((score, i) => ({ utilization: i * 100, score })) },
      });
    expect(plan(shaped(0, 10), two, [half], wanted)).toBe('n2');
    expect(plan(shaped(10, 0), two, [half], wanted)).toBe('n1');
  });

  test('without a filter places a pod where it would not fit', () => {
    const off = { plugins: { filter: { disabled: [{ name: 'NodeResourcesFit' }] } } };
    const large = { requests: { cpu: '64' } };
    expect(plan({}, two, [], large)).toBe('0/2 nodes are available: 2 Insufficient cpu.');
    expect(plan(off, two, [], large)).toMatch(/^n[12]$/);
  });

  test('adds its affinity to every pod, and says so', () => {
    const terms = [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }];
    const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: terms };
    const added = withArgs('NodeAffinity', { addedAffinity: { requiredDuringSchedulingIgnoredDuringExecution } });
    const fast = { name: 'n3', labels: { disk: 'ssd' } };
    expect(plan(added, [...two, fast], [], wanted)).toBe('n3');
    expect(plan(added, two, [], wanted)).toBe(
      "0/2 nodes are available: 2 node(s) didn't match scheduler-enforced node affinity.",
    );
  });

  test('leaves resources out of its judgement that an extender would count', () => {
    const gpu = { requests: { 'example.com/gpu': '1' } };
    expect(plan({}, two, [], gpu)).toBe('0/2 nodes are available: 2 Insufficient example.com/gpu.');
    const ignoring = withArgs('NodeResourcesFit', { ignoredResourceGroups: ['example.com'] });
    expect(plan(ignoring, two, [], gpu)).toMatch(/^n[12]$/);
  });
});
