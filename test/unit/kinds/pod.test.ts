import { pod } from '../../../functions/apiserver/kinds/core/pod.ts';
import { impliedPullPolicy } from '../../../functions/apiserver/kinds/pod-spec/image.ts';
import { podQosClass } from '../../../functions/apiserver/kinds/pod-spec/qos.ts';

const CONTEXT = { now: '2026-01-01T00:00:00Z', uuid: () => 'uid', user: { username: 'admin', groups: [] } };

function podOf(spec: object = {}): any {
  return {
    metadata: { name: 'a', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  };
}

function created(spec: object = {}): any {
  const object = podOf(spec);
  pod.defaults!(object);
  pod.prepareForCreate!(object, CONTEXT);
  return object;
}

const causesOf = (object: any) => pod.validate!(object).map(({ field, message }) => `${field}: ${message}`);

test.each([
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1.2', 'IfNotPresent'],
  ['host:5000/nginx', 'Always'],
  ['host:5000/nginx:1', 'IfNotPresent'],
  ['nginx@sha256:0', 'IfNotPresent'],
  ['nginx:latest@sha256:0', 'Always'],
])('the image %s is pulled %s', (image, policy) => {
  expect(impliedPullPolicy(image)).toBe(policy);
});

test.each([
  ['BestEffort', {}],
  ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } }],
  ['Burstable', { limits: { cpu: '1' }, requests: { cpu: '1' } }],
  ['Burstable', { requests: { memory: '1' } }],
  ['BestEffort', { requests: { cpu: '0' } }],
])('a pod is %s with %j', (qosClass, resources) => {
  expect(podQosClass({ containers: [{ name: 'c', resources }] })).toBe(qosClass);
});

test('a minimal pod is filled, starts Pending and is valid', () => {
  const object = created();
  expect(object.spec).toMatchObject({ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', enableServiceLinks: true });
  expect(object.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  expect(causesOf(object)).toEqual([]);
});

test('limits stand in for requests that were left out', () => {
  const resources = { limits: { cpu: '1000m', memory: '1Gi' }, requests: { cpu: '0.5' } };
  const object = created({ containers: [{ name: 'c', image: 'i', resources }] });
  expect(object.spec.containers[0].resources).toEqual({
    limits: { cpu: '1', memory: '1Gi' },
    requests: { cpu: '500m', memory: '1Gi' },
  });
});

test('on the host network a port is the host port', () => {
  const object = created({
    hostNetwork: true,
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }],
  });
  expect(object.spec.containers[0].ports[0]).toEqual({ containerPort: 80, hostPort: 80, protocol: 'TCP' });
});

test('a gated pod says so in its conditions', () => {
  const [condition] = created({ schedulingGates: [{ name: 'example.com/x' }] }).status.conditions;
  expect(condition).toMatchObject({ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' });
});

test.each([
  [{ containers: [] }, 'spec.containers: Required value'],
  [
    { restartPolicy: 'X' },
    'spec.restartPolicy: Unsupported value: "X": supported values: "Always", "OnFailure", "Never"',
  ],
  [
    { containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/x' }] }] },
    'spec.containers[0].volumeMounts[0].name: Not found: "v"',
  ],
  [
    { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 70000 }] }] },
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  [
    { activeDeadlineSeconds: 0 },
    'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
  ],
])('%j is refused', (spec, fault) => {
  expect(causesOf(created(spec))).toContain(fault);
});

describe('an update', () => {
  const update = (spec: object, status: object = {}) => {
    const old = created();
    const object = structuredClone(old);
    Object.assign(object.spec, spec);
    Object.assign(object.status, status);
    pod.prepareForUpdate!(object, old, CONTEXT);
    return { object, causes: pod.validateUpdate!(object, old).map(({ field, message }) => `${field}: ${message}`) };
  };

  test('may change an image', () => {
    const image = { ...created().spec.containers[0], image: 'other' };
    expect(update({ containers: [image] }).causes).toEqual([]);
  });

  test('may add a toleration', () => {
    expect(update({ tolerations: [{ key: 'a', operator: 'Exists' }] }).causes).toEqual([]);
  });

  test('may not move the pod', () => {
    const [cause] = update({ nodeName: 'n' }).causes;
    expect(cause).toMatch(/^spec: Forbidden: pod updates may not change fields other than/);
  });

  test('leaves the status alone', () => {
    expect(update({}, { phase: 'Running' }).object.status.phase).toBe('Pending');
  });
});

test.each([
  ['one that is not scheduled', {}, {}, undefined, 0],
  ['one that is over', { nodeName: 'n' }, { phase: 'Succeeded' }, 30, 0],
  ['one that runs', { nodeName: 'n', terminationGracePeriodSeconds: 30 }, {}, undefined, 30],
  ['one that runs, by request', { nodeName: 'n' }, {}, 5, 5],
  ['one that runs, at once', { nodeName: 'n' }, {}, 0, 0],
  ['one that runs, with a negative request', { nodeName: 'n' }, {}, -3, 1],
])('the grace of %s', (_, spec, status, requested, seconds) => {
  expect(pod.gracePeriodSeconds!({ spec, status }, requested)).toBe(seconds);
});
