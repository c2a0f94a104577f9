import { type EnvContent, taskSpec } from '../../../functions/capacity/fargate/task-spec.ts';
import type { Container, PodSpec } from '../../../lib/api/types.ts';
import type { TaskContainer } from '../../../lib/cloud/tasks.ts';
import { pod } from '../../builders/objects.ts';

const NOTHING: EnvContent = { configMap: async () => undefined, secret: async () => undefined };
const MAIN: Container = { name: 'c', image: 'i' };

async function containersOf(spec: Partial<PodSpec>, content = NOTHING): Promise<readonly TaskContainer[]> {
  return (await taskSpec(pod({ name: 'p', labels: { app: 'x' }, spec }), content)).containers;
}

async function containerOf(container: Partial<Container>, content = NOTHING, spec: Partial<PodSpec> = {}) {
  const [first] = await containersOf({ containers: [{ ...MAIN, ...container }], ...spec }, content);
  return first!;
}

describe('a container of a task', () => {
  test('has the simplest form of the simplest container', async () => {
    expect(await containerOf({})).toEqual({
      name: 'c',
      image: 'i',
      essential: true,
      environment: new Map(),
      ports: [],
      mounts: [],
      dependsOn: [],
      stopTimeoutSeconds: 30,
    });
  });

  test('has command and arguments with its variables in them', async () => {
    const env = [{ name: 'WHO', value: 'you' }];
    const made = await containerOf({ command: ['sh', '-c'], args: ['echo $(WHO) $$(WHO) $(NOBODY)'], env });
    expect(made.entryPoint).toEqual(['sh', '-c']);
    expect(made.command).toEqual(['echo you $(WHO) $(NOBODY)']);
  });

  test('has an environment from the pod, its resources, ConfigMaps and Secrets', async () => {
    const content: EnvContent = {
      configMap: async () => ({ metadata: { name: 'm' }, data: { a: '1', b: '2' } }) as never,
      secret: async () =>
        ({ metadata: { name: 's' }, data: { key: Buffer.from('secret').toString('base64') } }) as never,
    };
    const made = await containerOf(
      {
        envFrom: [{ prefix: 'M_', configMapRef: { name: 'm' } }],
        env: [
          { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'a' } } },
          { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'key' } } },
        ],
      },
      content,
    );
    const values = { M_a: '1', M_b: '2', NAME: 'p', APP: 'x', CPU: '250', A: '1', S: 'secret' };
    expect(Object.fromEntries(made.environment)).toEqual(values);
  });

  test('that refers to what is not there is no container yet', async () => {
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    await expect(containerOf({ env })).rejects.toMatchObject({ reason: 'CreateContainerConfigError' });
  });

  test('runs as whom the container says, or the pod', async () => {
    expect((await containerOf({}, NOTHING, { securityContext: { runAsUser: 5, runAsGroup: 6 } })).user).toBe('5:6');
    const own = await containerOf({ securityContext: { runAsUser: 7 } }, NOTHING, {
      securityContext: { runAsUser: 5 },
    });
    expect(own.user).toBe('7');
  });

  test('keeps its root read-only, drops capabilities, opens ports', async () => {
    const made = await containerOf({
      securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'], add: ['CAP_SYS_PTRACE'] } },
      ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP' }],
      workingDir: '/w',
      tty: true,
    });
    expect(made).toMatchObject({ readOnlyRoot: true, dropCapabilities: ['ALL'], addCapabilities: ['SYS_PTRACE'] });
    expect(made).toMatchObject({ workingDir: '/w', tty: true });
    expect(made.ports).toEqual([
      { port: 80, protocol: 'tcp' },
      { port: 53, protocol: 'udp' },
    ]);
  });

  test.each([
    [0, 1],
    [60, 60],
    [600, 120],
  ])('of a pod with a grace of %i seconds is given %i', async (terminationGracePeriodSeconds, seconds) => {
    expect((await containerOf({}, NOTHING, { terminationGracePeriodSeconds })).stopTimeoutSeconds).toBe(seconds);
  });

  test('is limited as it says', async () => {
    const made = await containerOf({
      resources: { requests: { cpu: '500m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    });
    expect(made).toMatchObject({ cpuUnits: 512, memoryLimitMiB: 128, memoryReservationMiB: 128 });
  });

  test('is checked by its exec probes, within what ECS takes', async () => {
    const livenessProbe = { exec: { command: ['ok'] }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 20 };
    const startupProbe = { exec: { command: ['ok'] }, periodSeconds: 10, failureThreshold: 60 };
    expect((await containerOf({ livenessProbe, startupProbe })).healthCheck).toEqual({
      command: ['CMD', 'ok'],
      intervalSeconds: 5,
      timeoutSeconds: 2,
      retries: 10,
      startPeriodSeconds: 300,
    });
  });
});

describe('a task', () => {
  test('runs init containers one after the other, sidecars in their turn, and then the others', async () => {
    const init = { ...MAIN, name: 'init', resources: { limits: { cpu: '1', memory: '1Gi' } } };
    const sidecar = { ...MAIN, name: 'side', restartPolicy: 'Always' };
    const made = await containersOf({ initContainers: [init, sidecar], containers: [MAIN] });
    expect(made.map(({ name, essential }) => [name, essential])).toEqual([
      ['init', false],
      ['side', false],
      ['c', true],
    ]);
    expect(made[1]).toMatchObject({ restarts: true, dependsOn: [{ name: 'init', condition: 'SUCCESS' }] });
    expect(made[2]!.dependsOn).toEqual([
      { name: 'init', condition: 'SUCCESS' },
      { name: 'side', condition: 'START' },
    ]);
    expect(made[0]).toMatchObject({ memoryLimitMiB: 1024, memoryReservationMiB: 6 });
    expect(made[0]!.cpuUnits).toBeUndefined();
  });

  test('shares empty folders and leaves the token out', async () => {
    const volumes = [
      { name: 'v', emptyDir: {} },
      { name: 'kube-api-access-x', projected: { sources: [] } },
    ];
    const volumeMounts = [
      { name: 'v', mountPath: '/v', readOnly: true },
      { name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ];
    const spec = await taskSpec(pod({ spec: { containers: [{ ...MAIN, volumeMounts }], volumes } }), NOTHING);
    expect(spec.volumes).toEqual(['v']);
    expect(spec.containers[0]!.mounts).toEqual([{ volume: 'v', path: '/v', readOnly: true }]);
  });
});
