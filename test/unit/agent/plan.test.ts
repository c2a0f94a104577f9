import { containerHash } from '../../../agent/pods/labels.ts';
import { type Plan, planPod } from '../../../agent/pods/plan.ts';
import type { RuntimeContainer, RuntimePod } from '../../../agent/pods/runtime-pod.ts';
import type { PodSpec } from '../../../lib/api/types.ts';
import { pod } from '../../builders/objects.ts';

type State = 'running' | 'created' | number;

/** Containers by name: running, created, or the code with which they exited. */
function runtime(states: Record<string, State>, ready = true): RuntimePod {
  const sandbox = {
    id: 's',
    metadata: { name: 'p', namespace: 'default', uid: 'u', attempt: 0 },
    state: ready ? ('READY' as const) : ('NOTREADY' as const),
    createdAtMs: 1,
    labels: {},
    annotations: {},
    ips: ['10.0.0.1'],
  };
  const containers = Object.entries(states).map(([name, state]) => container(name, state));
  return { uid: 'u', namespace: 'default', name: 'p', sandboxes: [sandbox], containers };
}

function container(name: string, state: State): RuntimeContainer {
  return {
    id: `id-${name}`,
    name,
    restartCount: 0,
    metadata: { name, attempt: 0 },
    state: state === 'running' ? 'RUNNING' : state === 'created' ? 'CREATED' : 'EXITED',
    createdAtMs: 1,
    startedAtMs: 1,
    finishedAtMs: 0,
    exitCode: typeof state === 'number' ? state : 0,
    image: 'i',
    imageRef: 'i',
    reason: '',
    message: '',
    labels: {},
    annotations: { 'io.kubernetes.container.hash': containerHash({ name, image: 'i' }) },
    mounts: [],
    logPath: '',
  };
}

const named = (...names: string[]) => names.map((name) => ({ name, image: 'i' }));
const sidecar = (name: string) => ({ name, image: 'i', restartPolicy: 'Always' });
const NO_PROBES = { failed: () => undefined, started: () => true };

const plan = (spec: Partial<PodSpec>, state: RuntimePod, probes: Parameters<typeof planPod>[0]['probes'] = NO_PROBES) =>
  planPod({ pod: pod({ name: 'p', spec }), runtime: state, probes });

const summary = ({ killPod, createSandbox, start, kill }: Plan) => ({
  ...(killPod && { killPod }),
  ...(createSandbox !== undefined && { createSandbox }),
  ...(start.length && { start: start.map((one) => one.container.name) }),
  ...(kill.length && { kill: kill.map((one) => one.container.name) }),
});

const NOTHING: RuntimePod = { uid: 'u', namespace: 'default', name: 'p', sandboxes: [], containers: [] };

const cases: [string, Partial<PodSpec>, RuntimePod, object][] = [
  ['a new pod', {}, NOTHING, { killPod: true, createSandbox: 0, start: ['c'] }],
  ['a new pod with init containers', { initContainers: named('a', 'b') }, NOTHING, { killPod: true, createSandbox: 0, start: ['a'] }], // biome-ignore format: a table
  ['a sandbox without containers', {}, runtime({}), { start: ['c'] }],
  ['all running', {}, runtime({ c: 'running' }), {}],
  ['created but never started', {}, runtime({ c: 'created' }), { start: ['c'] }],
  ['one of two gone', { containers: named('c', 'd') }, runtime({ c: 'running' }), { start: ['d'] }],
  ['failed, Always', {}, runtime({ c: 1 }), { start: ['c'] }],
  ['done, Always', {}, runtime({ c: 0 }), { start: ['c'] }],
  ['failed, OnFailure', { restartPolicy: 'OnFailure' }, runtime({ c: 1 }), { start: ['c'] }],
  ['done, OnFailure', { restartPolicy: 'OnFailure' }, runtime({ c: 0 }), { killPod: true }],
  ['failed, Never', { restartPolicy: 'Never' }, runtime({ c: 1 }), { killPod: true }],
  ['one of two done, Never', { restartPolicy: 'Never', containers: named('c', 'd') }, runtime({ c: 0, d: 'running' }), {}], // biome-ignore format: a table
  ['dead sandbox, Always', {}, runtime({ c: 1 }, false), { killPod: true, createSandbox: 1, start: ['c'] }],
  ['dead sandbox, Never', { restartPolicy: 'Never' }, runtime({ c: 1 }, false), { killPod: true }],
  ['dead sandbox, OnFailure and done', { restartPolicy: 'OnFailure' }, runtime({ c: 0 }, false), { killPod: true }],
  ['first init container runs', { initContainers: named('a', 'b') }, runtime({ a: 'running' }), {}],
  ['first init container done', { initContainers: named('a', 'b') }, runtime({ a: 0 }), { start: ['b'] }],
  ['init containers done', { initContainers: named('a', 'b') }, runtime({ a: 0, b: 0 }), { start: ['c'] }],
  ['init container failed, Always', { initContainers: named('a') }, runtime({ a: 1 }), { start: ['a'] }],
  ['init container failed, Never', { initContainers: named('a'), restartPolicy: 'Never' }, runtime({ a: 1 }), { killPod: true }], // biome-ignore format: a table
  ['init container records collected', { initContainers: named('a') }, runtime({ c: 'running' }), {}],
  ['sidecar runs', { initContainers: [sidecar('s')] }, runtime({ s: 'running' }), { start: ['c'] }],
  ['sidecar before an init container', { initContainers: [sidecar('s'), ...named('a')] }, runtime({ s: 'running' }), { start: ['a'] }], // biome-ignore format: a table
  ['sidecar died', { initContainers: [sidecar('s')] }, runtime({ s: 1, c: 'running' }), { start: ['s'] }],
  ['done with a sidecar, Never', { initContainers: [sidecar('s')], restartPolicy: 'Never' }, runtime({ s: 'running', c: 0 }), { killPod: true }], // biome-ignore format: a table
  ['another image', { containers: [{ name: 'c', image: 'new' }] }, runtime({ c: 'running' }), { start: ['c'], kill: ['c'] }], // biome-ignore format: a table
  ['a new ephemeral container', { ephemeralContainers: named('debug') }, runtime({ c: 'running' }), { start: ['debug'] }], // biome-ignore format: a table
  ['an ephemeral container that ended', { ephemeralContainers: named('debug') }, runtime({ c: 'running', debug: 0 }), {}], // biome-ignore format: a table
];

it.each(cases)('%s', (_, spec, state, expected) => {
  expect(summary(plan(spec, state))).toEqual(expected);
});

it('restarts a container whose liveness probe failed, unless the pod never restarts', () => {
  const probes = { failed: () => 'liveness' as const, started: () => true };
  expect(summary(plan({}, runtime({ c: 'running' }), probes))).toEqual({ start: ['c'], kill: ['c'] });
  const never = plan({ restartPolicy: 'Never' }, runtime({ c: 'running' }), probes);
  expect(never.kill.map(({ message }) => message)).toEqual(['Container c failed liveness probe']);
  expect(never.start).toEqual([]);
});

it('holds up the next container until a sidecar has passed its startup probe', () => {
  const waiting = { failed: () => undefined, started: () => false };
  expect(summary(plan({ initContainers: [sidecar('s')] }, runtime({ s: 'running' }), waiting))).toEqual({});
});

it('restarts by the rules of the container before the policy of the pod', () => {
  const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
  const containers = [{ name: 'c', image: 'i', restartPolicy: 'Never', restartPolicyRules }];
  expect(summary(plan({ containers }, runtime({ c: 42 })))).toEqual({ start: ['c'] });
  expect(summary(plan({ containers }, runtime({ c: 41 })))).toEqual({ killPod: true });
});
