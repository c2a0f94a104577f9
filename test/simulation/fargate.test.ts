import { createFargate } from '../../functions/capacity/fargate/fargate.ts';
import { TASK_ANNOTATION } from '../../functions/capacity/fargate/recorded-task.ts';
import { heedTask } from '../../functions/capacity/fargate/task-notice.ts';
import { createControllers } from '../../functions/controllers/index.ts';
import type { PodSpec } from '../../lib/api/types.ts';
import {
  configMaps,
  daemonSets,
  deployments,
  events,
  jobs,
  namespaces,
  nodes,
  pods,
} from '../../lib/client/resource-type.ts';
import type { Tasks } from '../../lib/cloud/tasks.ts';
import { FakeTasks } from '../fakes/tasks.ts';
import { type SimulationOptions, simulate } from './control-plane.ts';

const TOLERATION = { key: 'zeroplane.dev/fargate', operator: 'Exists' };

async function start(options: SimulationOptions = {}) {
  let tasks!: FakeTasks;
  const simulation = await simulate({
    scheduler: true,
    ...options,
    controllers: (dependencies) => {
      tasks ??= new FakeTasks(dependencies.clock);
      return [...createControllers(dependencies), createFargate(dependencies, { tasks, version: 'v1.37.0' })];
    },
  });
  const work = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) await simulation.pass(1000);
  };
  await simulation.client.create(namespaces, { metadata: { name: 'kube-system' } });
  await work(10);
  return { ...simulation, tasks, work };
}

type Started = Awaited<ReturnType<typeof start>>;

const REF = { namespace: 'default', name: 'p' };

async function create({ client, work }: Started, spec: Partial<PodSpec> = {}): Promise<void> {
  await client.create(pods, {
    metadata: REF,
    spec: { containers: [{ name: 'c', image: 'i' }], tolerations: [TOLERATION], ...spec },
  });
  await work(5);
}

const podOf = ({ client }: Started) => client.get(pods, REF);
const gone = async ({ client }: Started) => (await client.list(pods, { namespace: 'default' })).items.length === 0;

async function eventsOf({ client }: Started, reason: string): Promise<string[]> {
  const { items } = await client.list(events, { namespace: 'default' });
  return items.filter((event) => event.reason === reason).map(({ message = '' }) => message);
}

describe('the virtual node', () => {
  test('is there, and stays ready without heartbeats', async () => {
    const started = await start();
    await started.work(120);
    const node = await started.client.get(nodes, { name: 'fargate' });
    expect(node.status!.conditions!.find(({ type }) => type === 'Ready')!.status).toBe('True');
    expect(node.spec!.taints).toEqual([{ key: 'zeroplane.dev/fargate', value: 'true', effect: 'NoSchedule' }]);
    expect(node.metadata.labels).toMatchObject({ 'kubernetes.io/os': 'linux', type: 'virtual-kubelet' });
    await started.client.delete(nodes, { name: 'fargate' });
    await started.work(5);
    expect((await started.client.get(nodes, { name: 'fargate' })).metadata.uid).not.toBe(node.metadata.uid);
    await started.stop();
  });

  test('takes only pods that tolerate it, and no daemons', async () => {
    const started = await start();
    await create(started, { tolerations: [] });
    const template = {
      metadata: { labels: { app: 'd' } },
      spec: { containers: [{ name: 'c', image: 'i' }], tolerations: [{ operator: 'Exists' }] },
    };
    await started.client.create(daemonSets, {
      metadata: { namespace: 'default', name: 'd' },
      spec: { selector: { matchLabels: { app: 'd' } }, template },
    });
    await started.work(20);
    expect((await podOf(started)).spec!.nodeName).toBeUndefined();
    expect((await started.client.list(pods, { namespace: 'default' })).items).toHaveLength(1);
    expect(started.tasks.all).toEqual([]);
    await started.stop();
  });
});

describe('a pod on the virtual node', () => {
  test('runs as a task that it names, with the address of the task', async () => {
    const started = await start();
    await create(started);
    expect((await podOf(started)).status!.phase).toBe('Pending');
    started.tasks.settle();
    await started.work(15);
    const { metadata, status } = await podOf(started);
    expect(metadata.annotations).toMatchObject({ [TASK_ANNOTATION]: '0 task-0' });
    expect(status).toMatchObject({ phase: 'Running', podIP: '10.1.0.1', hostIP: '10.1.0.1' });
    expect(status!.conditions!.find(({ type }) => type === 'Ready')!.status).toBe('True');
    const [container] = status!.containerStatuses!;
    expect(container).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      containerID: 'containerd://task-0-c',
    });
    expect(container!.state!.running!.startedAt).toBeDefined();
    expect(await eventsOf(started, 'TaskStarted')).toEqual(['Task task-0 runs this pod']);
    await started.work(120);
    expect(started.tasks.requests).toHaveLength(1);
    expect(started.errors).toEqual([]);
    await started.stop();
  });

  test.each([
    [0, 'Succeeded', 'Completed'],
    [3, 'Failed', 'Error'],
  ])('that may end and ends with %i has %s', async (code, phase, reason) => {
    const started = await start();
    await create(started, { restartPolicy: 'Never' });
    started.tasks.settle();
    await started.work(15);
    started.tasks.end(started.tasks.all[0]!, code);
    await started.work(40);
    const { status } = await podOf(started);
    expect(status!.phase).toBe(phase);
    const { terminated } = status!.containerStatuses![0]!.state!;
    expect(terminated).toMatchObject({ exitCode: code, reason });
    expect(Date.parse(terminated!.finishedAt!)).toBeGreaterThanOrEqual(Date.parse(terminated!.startedAt!));
    await started.work(600);
    expect(started.tasks.requests).toHaveLength(1);
    await started.stop();
  });

  test('that always restarts is run again, at once and then ever later', async () => {
    const started = await start();
    await create(started);
    const beganAt: number[] = [];
    for (let i = 0; i < 4; i++) {
      for (let waited = 0; started.tasks.all.length <= i && waited < 120; waited++) await started.work(1);
      beganAt.push(started.clock.now());
      started.tasks.settle();
      await started.work(11);
      started.tasks.end(started.tasks.all.at(-1)!, 1);
      await started.work(31);
    }
    const { status } = await podOf(started);
    expect(status!.containerStatuses![0]).toMatchObject({ restartCount: 3 });
    expect(status!.containerStatuses![0]!.state!.waiting).toMatchObject({ reason: 'CrashLoopBackOff' });
    expect(started.tasks.requests.map(({ owner }) => owner.attempt)).toEqual([0, 1, 2, 3]);
    await started.stop();
  });

  test('of a Job that fails on the first try succeeds on the second', async () => {
    const started = await start();
    const spec = { restartPolicy: 'OnFailure', containers: [{ name: 'c', image: 'i' }], tolerations: [TOLERATION] };
    await started.client.create(jobs, { metadata: { namespace: 'default', name: 'j' }, spec: { template: { spec } } });
    await started.work(10);
    for (const code of [1, 0]) {
      started.tasks.settle();
      await started.work(12);
      started.tasks.end(started.tasks.all.at(-1)!, code);
      await started.work(45);
    }
    const job = await started.client.get(jobs, { namespace: 'default', name: 'j' });
    expect(job.status).toMatchObject({ succeeded: 1 });
    expect(started.tasks.requests).toHaveLength(2);
    await started.stop();
  });

  test('that is deleted goes when its task has stopped, with what was kept for it', async () => {
    const started = await start();
    await create(started);
    started.tasks.settle();
    await started.work(15);
    const { uid } = (await podOf(started)).metadata;
    await started.client.delete(pods, REF);
    await started.work(5);
    expect(started.tasks.all[0]!.state).toBe('stopping');
    expect(await gone(started)).toBe(false);
    started.tasks.settle();
    await started.work(15);
    expect(await gone(started)).toBe(true);
    expect(started.tasks.forgotten).toContain(uid);
    await started.stop();
  });

  test('that is deleted by force takes its task with it', async () => {
    const started = await start();
    await create(started);
    started.tasks.settle();
    await started.work(15);
    await started.client.delete(pods, REF, { gracePeriodSeconds: 0 });
    await started.work(5);
    expect(started.tasks.all[0]!.state).toBe('stopping');
    await started.stop();
  });

  test('whose start got no answer runs once', async () => {
    const started = await start();
    started.tasks.lostReplies = 2;
    await create(started);
    await started.work(60);
    started.tasks.settle();
    await started.work(15);
    expect(started.tasks.all).toHaveLength(1);
    expect((await podOf(started)).status!.phase).toBe('Running');
    await started.stop();
  });

  test('for which there is no room is tried again', async () => {
    const started = await start();
    started.tasks.full = true;
    await create(started);
    await started.work(40);
    expect((await eventsOf(started, 'FailedScaleUp')).length).toBeGreaterThan(0);
    started.tasks.full = false;
    await started.work(40);
    expect(started.tasks.all).toHaveLength(1);
    await started.stop();
  });

  test('whose image is not there waits for it', async () => {
    const started = await start();
    await create(started, { restartPolicy: 'Never' });
    started.tasks.end(started.tasks.all[0]!, {}, 'CannotPullContainerError: i: not found');
    await started.work(11);
    started.tasks.end(started.tasks.all[1]!, {}, 'CannotPullContainerError: i: not found');
    await started.work(11);
    const { status } = await podOf(started);
    expect(status!.phase).toBe('Pending');
    expect(status!.containerStatuses![0]).toMatchObject({
      restartCount: 0,
      state: { waiting: { reason: 'ErrImagePull', message: 'CannotPullContainerError: i: not found' } },
    });
    await started.stop();
  });

  test('that refers to a ConfigMap which is not there waits, and runs once it is', async () => {
    const started = await start();
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'a' } } }];
    await create(started, { containers: [{ name: 'c', image: 'i', env }] });
    expect((await podOf(started)).status!.containerStatuses![0]!.state!.waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: 'configmap "m" not found',
    });
    await started.client.create(configMaps, { metadata: { namespace: 'default', name: 'm' }, data: { a: 'x' } });
    await started.work(15);
    expect(started.tasks.requests[0]!.spec.containers[0]!.environment.get('A')).toBe('x');
    await started.stop();
  });

  test('is looked at as soon as ECS tells of its task', async () => {
    const started = await start();
    await create(started, { restartPolicy: 'Never' });
    started.tasks.settle();
    await started.work(15);
    const { uid } = (await podOf(started)).metadata;
    started.tasks.end(started.tasks.all[0]!, 0);
    const detail = { taskArn: 'task-0', startedBy: uid, lastStatus: 'STOPPED', version: 5 };
    for (let i = 0; i < 2; i++) await heedTask({ source: 'aws.ecs', detail }, started.client);
    await heedTask({ source: 'aws.ecs', detail: { ...detail, startedBy: 'another' } }, started.client);
    await started.work(1);
    expect((await podOf(started)).status!.phase).toBe('Succeeded');
    await started.stop();
  });

  test('that a task cannot be fails, and says why', async () => {
    const started = await start();
    await create(started, { hostNetwork: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] });
    const { status } = await podOf(started);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'UnsupportedPodSpec' });
    expect(status!.message).toContain('hostNetwork');
    expect(status!.message).toContain('volume v: hostPath');
    expect(await eventsOf(started, 'UnsupportedPodSpec')).toEqual([status!.message]);
    expect(started.tasks.all).toEqual([]);
    await started.stop();
  });

  test('that ECS refuses fails with its words', async () => {
    const started = await start();
    started.tasks.refuses = 'No Fargate configuration exists for given values';
    await create(started);
    expect((await podOf(started)).status).toMatchObject({
      reason: 'UnsupportedPodSpec',
      message: 'AWS Fargate cannot run this pod: No Fargate configuration exists for given values',
    });
    await started.stop();
  });

  test('whose health check fails is stopped and run again', async () => {
    const started = await start();
    const livenessProbe = { exec: { command: ['true'] } };
    await create(started, { containers: [{ name: 'c', image: 'i', livenessProbe }] });
    started.tasks.settle();
    started.tasks.change(started.tasks.all[0]!, { health: 'unhealthy' });
    await started.work(15);
    started.tasks.settle();
    await started.work(15);
    expect(started.tasks.all).toHaveLength(2);
    await started.stop();
  });

  test('that is over its deadline is stopped and fails', async () => {
    const started = await start();
    await create(started, { activeDeadlineSeconds: 60 });
    started.tasks.settle();
    await started.work(61);
    expect((await podOf(started)).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
    expect(started.tasks.all[0]!.state).toBe('stopping');
    await started.stop();
  });

  test('whose task is forgotten is run again, unless it may not be', async () => {
    const started = await start();
    await create(started);
    started.tasks.settle();
    await started.work(15);
    started.tasks.remove(started.tasks.all[0]!);
    await started.work(45);
    expect(started.tasks.requests.map(({ owner }) => owner.attempt)).toEqual([0, 1]);
    await started.stop();
  });

  test('of a Deployment with five replicas gets five tasks, and none is left when it is scaled to zero', async () => {
    const started = await start({ lag: { maxMs: 500 }, seed: 7 });
    const template = {
      metadata: { labels: { app: 'w' } },
      spec: { containers: [{ name: 'c', image: 'i' }], tolerations: [TOLERATION] },
    };
    const ref = { namespace: 'default', name: 'w' };
    await started.client.create(deployments, {
      metadata: ref,
      spec: { replicas: 5, selector: { matchLabels: { app: 'w' } }, template },
    });
    await started.work(15);
    started.tasks.settle();
    await started.work(15);
    expect((await started.client.get(deployments, ref)).status).toMatchObject({ readyReplicas: 5 });
    expect(started.tasks.all).toHaveLength(5);
    await started.client.patch(deployments, ref, { type: 'merge', body: { spec: { replicas: 0 } } });
    for (let i = 0; i < 4; i++) {
      await started.work(10);
      started.tasks.settle();
    }
    await started.work(15);
    expect(await gone(started)).toBe(true);
    expect(await started.tasks.alive()).toEqual([]);
    await started.stop();
  });
});

describe('tasks whose pods were removed while nobody looked', () => {
  test('are stopped when the controllers begin; others are left alone', async () => {
    const owner = { uid: 'gone', namespace: 'default', name: 'p', attempt: 0, restarts: 0, failures: 0 };
    let tasks!: FakeTasks;
    const simulation = await simulate({
      controllers: (dependencies) => {
        tasks = new FakeTasks(dependencies.clock);
        const spec = { cpuUnits: 256, memoryMiB: 512, architecture: 'amd64', containers: [], volumes: [] } as const;
        void (tasks as Tasks).run({ owner, spec, capacityType: 'on-demand' });
        return [createFargate(dependencies, { tasks, version: 'v1.37.0' })];
      },
    });
    await simulation.client.create(namespaces, { metadata: { name: 'kube-system' } });
    await simulation.pass(5000);
    expect(tasks.all.map(({ state }) => state)).toEqual(['stopping']);
    await simulation.stop();
  });
});
