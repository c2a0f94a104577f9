import { table } from '../../../../functions/apiserver/printers/index.ts';

const NOW = Date.parse('2026-11-23T01:00:00Z');
const running = { running: { startedAt: '2026-11-23T00:00:00Z' } };
const exited = (exitCode: number, reason?: string) => ({ terminated: { exitCode, reason } });

function pod(status: object, spec: object = {}, metadata: object = {}) {
  return {
    metadata: { name: 'p', creationTimestamp: '2026-11-23T00:55:00Z', ...metadata },
    spec: { containers: [{ name: 'a' }], ...spec },
    status: { phase: 'Running', ...status },
  };
}

function container(state: object, more: object = {}) {
  return { name: 'a', state, ready: 'running' in state, restartCount: 0, ...more };
}

const sidecar = { initContainers: [{ name: 'i', restartPolicy: 'Always' }] };

const cases: [string, ReturnType<typeof pod>, unknown[]][] = [
  ['a running pod', pod({ containerStatuses: [container(running)] }), ['1/1', 'Running', '0']],
  ['a new pod', pod({ phase: 'Pending' }), ['0/1', 'Pending', '0']],
  ['a gated pod', pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] }), ['0/1', 'SchedulingGated', '0']],
  ['a waiting container', pod({ containerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 3, lastState: { terminated: { finishedAt: '2026-11-23T00:59:00Z' } } })] }), ['0/1', 'CrashLoopBackOff', '3 (60s ago)']],
  ['a failed container', pod({ phase: 'Failed', containerStatuses: [container(exited(3))] }), ['0/1', 'ExitCode:3', '0']],
  ['a completed pod', pod({ phase: 'Succeeded', containerStatuses: [container(exited(0, 'Completed'))] }), ['0/1', 'Completed', '0']],
  ['an evicted pod', pod({ phase: 'Failed', reason: 'Evicted' }), ['0/1', 'Evicted', '0']],
  ['a pod being deleted', pod({ containerStatuses: [container(running)] }, {}, { deletionTimestamp: 'x' }), ['1/1', 'Terminating', '0']],
  ['a pod on a lost node', pod({ reason: 'NodeLost' }, {}, { deletionTimestamp: 'x' }), ['0/1', 'Unknown', '0']],
  ['an initializing pod', pod({ phase: 'Pending', initContainerStatuses: [{ name: 'i', state: running }] }, { initContainers: [{ name: 'i' }, { name: 'j' }] }), ['0/1', 'Init:0/2', '0']],
  ['a failed init container', pod({ phase: 'Pending', initContainerStatuses: [{ name: 'i', state: exited(1, 'Error'), restartCount: 2 }] }, { initContainers: [{ name: 'i' }] }), ['0/1', 'Init:Error', '2']],
  ['a sidecar', pod({ initContainerStatuses: [{ name: 'i', state: running, started: true, ready: true, restartCount: 1 }], containerStatuses: [container(running)] }, sidecar), ['2/2', 'Running', '1']],
  ['one container completed, one running', pod({ conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [container(exited(0, 'Completed')), container(running)] }, { containers: [{ name: 'a' }, { name: 'b' }] }), ['1/2', 'Running', '0']],
  ['one completed, one running but not ready as a whole', pod({ containerStatuses: [container(exited(0, 'Completed')), container(running)] }, { containers: [{ name: 'a' }, { name: 'b' }] }), ['1/2', 'NotReady', '0']],
]; // biome-ignore format: a table

test.each(cases)('%s', (_name, object, expected) => {
  const { rows } = table({ group: '', version: 'v1', resource: 'pods' }, [object], NOW);
  expect(rows[0]!.slice(1, 4)).toEqual(expected);
  expect(rows[0]![4]).toBe('5m');
});

test('finished pods are marked', () => {
  const { conditions } = table(
    { group: '', version: 'v1', resource: 'pods' },
    [pod({ phase: 'Succeeded' }), pod({})],
    NOW,
  );
  expect(conditions[0]).toEqual([expect.objectContaining({ type: 'Completed', reason: 'Succeeded' })]);
  expect(conditions[1]).toBeUndefined();
});

test("a custom resource's columns are read by their paths", () => {
  const printerColumns = [
    { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Gone', type: 'string', jsonPath: '.spec.none' },
  ];
  const object = {
    metadata: { name: 'x', creationTimestamp: '2026-11-23T00:55:00Z' },
    spec: { replicas: 3 },
    status: { conditions: [{ type: 'Other' }, { type: 'Ready', status: 'True' }] },
  };
  const { rows, columnDefinitions } = table(
    { group: 'x', version: 'v1', resource: 'foos', printerColumns },
    [object],
    NOW,
  );
  expect(rows).toEqual([['x', 3, 'True', '5m', null]]);
  expect(columnDefinitions.map((c) => c.name)).toEqual(['Name', 'Replicas', 'Ready', 'Age', 'Gone']);
});

test('a kind without a printer shows its name and creation time', () => {
  const { rows } = table({ group: 'x', version: 'v1', resource: 'foos' }, [pod({})], NOW);
  expect(rows).toEqual([['p', '2026-11-23T00:55:00Z']]);
});
