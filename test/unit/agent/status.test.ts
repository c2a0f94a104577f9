import type { RuntimeContainer, RuntimePod } from '../../../agent/pods/runtime-pod.ts';
import { type AgentView, containerStatuses } from '../../../agent/status/container-statuses.ts';
import { podPhase } from '../../../agent/status/phase.ts';
import { podStatus } from '../../../agent/status/pod-status.ts';
import { statusPatch } from '../../../agent/status/status-patch.ts';
import type { ContainerStatus, PodSpec, PodStatus } from '../../../lib/api/types.ts';
import { pod } from '../../builders/objects.ts';

const NOW = '2026-01-01T00:00:00Z';
const AT = Date.parse(NOW);

function instance(name: string, more: Partial<RuntimeContainer> = {}): RuntimeContainer {
  return {
    id: `id-${name}`,
    name,
    restartCount: 0,
    metadata: { name, attempt: 0 },
    state: 'RUNNING',
    createdAtMs: AT,
    startedAtMs: AT,
    finishedAtMs: 0,
    exitCode: 0,
    image: 'i',
    imageRef: 'sha256:i',
    reason: '',
    message: '',
    labels: {},
    annotations: {},
    mounts: [],
    logPath: '',
    ...more,
  };
}

function runtime(containers: RuntimeContainer[], ips = ['10.0.0.1']): RuntimePod {
  const metadata = { name: 'p', namespace: 'default', uid: 'u', attempt: 0 };
  const sandbox = { id: 's', metadata, state: 'READY' as const, createdAtMs: AT, labels: {}, annotations: {}, ips };
  return { uid: 'u', namespace: 'default', name: 'p', sandboxes: [sandbox], containers };
}

const VIEW: AgentView = { waiting: () => undefined, starting: () => false, started: () => true, ready: () => true };
const exited = (exitCode: number, more: Partial<RuntimeContainer> = {}): Partial<RuntimeContainer> => ({
  state: 'EXITED',
  exitCode,
  reason: exitCode ? 'Error' : 'Completed',
  finishedAtMs: AT,
  ...more,
});

const statuses = (spec: Partial<PodSpec>, containers: RuntimeContainer[], view = VIEW, status?: PodStatus) =>
  containerStatuses(pod({ spec, status }), 'container', runtime(containers), view);

describe('a container’s status', () => {
  it('waits before it is made, and while its postStart hook runs', () => {
    expect(statuses({}, [])[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
    expect(statuses({ initContainers: [{ name: 'i', image: 'i' }] }, [])[0]?.state).toEqual({
      waiting: { reason: 'PodInitializing' },
    });
    const hooked = statuses({}, [instance('c')], { ...VIEW, starting: () => true })[0];
    expect(hooked).toMatchObject({ ready: false, started: false, state: { waiting: { reason: 'ContainerCreating' } } });
  });

  it('tells of the instance before', () => {
    const now = instance('c', { id: 'new', restartCount: 3 });
    const [status] = statuses({}, [now, instance('c', { id: 'old', ...exited(2) })]);
    expect(status).toMatchObject({
      restartCount: 3,
      containerID: 'containerd://new',
      state: { running: { startedAt: NOW } },
      lastState: { terminated: { exitCode: 2, containerID: 'containerd://old' } },
    });
  });

  it('waits for its restart with the failure behind it', () => {
    const view = { ...VIEW, waiting: () => ({ reason: 'CrashLoopBackOff', message: 'back-off 10s' }) };
    const [status] = statuses({}, [instance('c', exited(1))], view);
    expect(status?.state).toEqual({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } });
    expect(status?.lastState?.terminated?.exitCode).toBe(1);
    // One that is not started again has simply ended.
    const [final] = statuses({ restartPolicy: 'Never' }, [instance('c', exited(1))], view);
    expect(final?.state?.terminated?.exitCode).toBe(1);
  });

  it('counts a container that ran and is lost as failed', () => {
    const old = { name: 'c', image: 'i', imageID: '', ready: true, restartCount: 1, state: { running: {} } };
    const [status] = statuses({}, [], VIEW, { containerStatuses: [old] });
    expect(status).toMatchObject({
      restartCount: 2,
      lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } },
    });
  });

  it('is ready only as its probes say', () => {
    expect(statuses({}, [instance('c')], { ...VIEW, ready: () => false })[0]).toMatchObject({
      ready: false,
      started: true,
    });
    expect(statuses({}, [instance('c')], { ...VIEW, started: () => false })[0]).toMatchObject({
      ready: false,
      started: false,
    });
  });
});

const running: ContainerStatus['state'] = { running: {} };
const done = (exitCode: number): ContainerStatus['state'] => ({ terminated: { exitCode } });
const waiting: ContainerStatus['state'] = { waiting: { reason: 'x' } };

describe('a pod’s phase', () => {
  const cases: [string, Partial<PodSpec>, (ContainerStatus['state'] | [ContainerStatus['state'], number])[], string][] =
    [
      ['one waits', {}, [running, waiting], 'Pending'],
      ['all run', {}, [running, running], 'Running'],
      ['one runs on', { restartPolicy: 'Never' }, [running, done(1)], 'Running'],
      ['all done', { restartPolicy: 'Never' }, [done(0), done(0)], 'Succeeded'],
      ['one failed', { restartPolicy: 'Never' }, [done(0), done(1)], 'Failed'],
      ['one is to be restarted', { restartPolicy: 'OnFailure' }, [done(0), done(1)], 'Running'],
      ['all are to be restarted', {}, [done(0), done(0)], 'Running'],
      ['waits to be restarted', {}, [running, [waiting, 1]], 'Running'],
    ];
  it.each(cases)('%s', (_, spec, states, expected) => {
    const containers = states.map((_state, i) => ({ name: `c${i}`, image: 'i' }));
    const all = states.map((one, i): ContainerStatus => {
      const [state, last] = Array.isArray(one) ? one : [one];
      const lastState = last === undefined ? {} : { terminated: { exitCode: last } };
      return { name: `c${i}`, image: 'i', imageID: '', ready: false, restartCount: 0, state, lastState };
    });
    expect(podPhase(pod({ spec: { ...spec, containers } }), all, false)).toBe(expected);
  });

  it('is final once the pod is to end', () => {
    const status = { name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0, state: done(0) };
    expect(podPhase(pod(), [status], true)).toBe('Succeeded');
    expect(podPhase(pod(), [{ ...status, state: done(137) }], true)).toBe('Failed');
  });
});

describe('a pod’s status', () => {
  const statusOf = (one: ReturnType<typeof pod>, containers = [instance('c')], view = VIEW) =>
    podStatus({ pod: one, runtime: runtime(containers), view, terminal: false, hostIPs: ['192.0.2.1'], now: NOW });

  it('is not Ready before its readiness gates are', () => {
    const gated = pod({ spec: { readinessGates: [{ conditionType: 'example.com/up' }] } });
    const ready = (one: typeof gated) => statusOf(one).conditions?.find(({ type }) => type === 'Ready');
    expect(ready(gated)).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "example.com/up" does not exist.',
    });
    const open = { ...gated, status: { conditions: [{ type: 'example.com/up', status: 'True' }] } };
    expect(ready(open)).toMatchObject({ status: 'True' });
    expect(statusOf(open).conditions?.[0]).toMatchObject({ type: 'example.com/up' });
  });

  it('dates a condition when its status changes, and not before', () => {
    const before = '2025-12-31T00:00:00Z';
    const conditions = ['Ready', 'Initialized'].map((type) => ({
      type,
      status: type === 'Ready' ? 'False' : 'True',
      lastTransitionTime: before,
    }));
    const dates = statusOf(pod({ status: { conditions } })).conditions?.map(
      ({ type, lastTransitionTime }) => `${type} ${lastTransitionTime}`,
    );
    expect(dates).toEqual(expect.arrayContaining([`Ready ${NOW}`, `Initialized ${before}`]));
  });

  it('shows no container waiting once the phase is final: a sidecar in back-off is not started again', () => {
    const spec = {
      restartPolicy: 'Never',
      initContainers: [{ name: 's', image: 'i', restartPolicy: 'Always' }],
      containers: [{ name: 'c', image: 'i' }],
    };
    const view = { ...VIEW, waiting: () => ({ reason: 'CrashLoopBackOff', message: 'back-off 10s' }) };
    const input = { pod: pod({ spec }), view, terminal: true, hostIPs: ['192.0.2.1'], now: NOW };
    const status = podStatus({ ...input, runtime: runtime([instance('c', exited(0)), instance('s', exited(1))]) });
    expect(status.phase).toBe('Succeeded');
    expect(status.initContainerStatuses?.[0]).toMatchObject({
      state: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
      lastState: { terminated: { exitCode: 1 } },
    });
  });

  it('never leaves a final phase', () => {
    expect(statusOf(pod({ status: { phase: 'Failed', reason: 'Evicted' } }))).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
    });
  });

  it('ends as Failed when it goes before its containers had their turn', () => {
    const end = (spec: Partial<PodSpec>, containers: RuntimeContainer[] = []) => {
      const input = { runtime: runtime(containers), view: VIEW, hostIPs: ['192.0.2.1'], now: NOW };
      return podStatus({ ...input, pod: pod({ spec }), terminal: true, gone: true });
    };
    const lost = { reason: 'ContainerStatusUnknown', exitCode: 137 };
    expect(end({})).toMatchObject({ phase: 'Failed', containerStatuses: [{ state: { terminated: lost } }] });
    // Containers that never had their turn, and an init container that did not either, are not said to have failed.
    const init = ['a', 'b'].map((name) => ({ name, image: 'i' }));
    expect(end({ initContainers: init })).toMatchObject({
      phase: 'Failed',
      initContainerStatuses: [{ state: { terminated: lost } }, { state: { waiting: {} } }],
      containerStatuses: [{ state: { waiting: {} } }],
    });
    expect(end({}, [instance('c', exited(0))])).toMatchObject({
      phase: 'Succeeded',
      containerStatuses: [{ state: { terminated: { exitCode: 0 } } }],
    });
  });

  it('is written only where it differs, for this pod alone, and leaves the conditions of others', () => {
    const one = pod({ status: { conditions: [{ type: 'example.com/up', status: 'True' }] } });
    const wanted = statusOf(one);
    const patch = statusPatch(one, wanted) as any;
    expect(patch.metadata).toEqual({ uid: one.metadata.uid });
    expect(patch.status.conditions.map(({ type }: any) => type)).not.toContain('example.com/up');
    expect(statusPatch({ ...one, status: wanted }, wanted)).toBeUndefined();
    const moved = statusPatch(
      { ...one, status: wanted },
      { ...wanted, podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }] },
    );
    expect(moved).toMatchObject({ status: { podIP: '10.0.0.2', podIPs: [{ $patch: 'replace' }, { ip: '10.0.0.2' }] } });
  });
});
