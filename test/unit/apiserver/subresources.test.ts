import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default/deployments';
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const pod = (name: string) => ({
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

let server: TestApiserver;
beforeEach(async () => {
  server = await realApiserver();
});

const bind = (name: string, node: string, meta = {}) =>
  server.send('POST', `${core}/pods/${name}/binding`, {
    metadata: { name, ...meta },
    target: { kind: 'Node', name: node },
  });
const evict = (name: string) => server.send('POST', `${core}/pods/${name}/eviction`, { metadata: { name } });
const setStatus = (path: string, status: object) => server.send('PATCH', `${path}/status`, { status }, MERGE);

describe('status and scale', () => {
  beforeEach(async () => {
    await server.send('POST', apps, {
      metadata: { name: 'web' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    });
  });

  test('a write to one leaves the other', async () => {
    const wanted = { spec: { replicas: 9 }, status: { replicas: 1 } };
    const { body: status } = await server.send('PATCH', `${apps}/web/status`, wanted, MERGE);
    expect([status.spec.replicas, status.status.replicas]).toEqual([2, 1]);
    const { body: main } = await server.send('PATCH', `${apps}/web`, { ...wanted, status: { replicas: 5 } }, MERGE);
    expect([main.spec.replicas, main.status.replicas]).toEqual([9, 1]);
  });

  test('Scale shows and sets the replicas', async () => {
    const { body } = await server.send('GET', `${apps}/web/scale`);
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 0, selector: 'a=b' } });
    const { body: scaled } = await server.send('PATCH', `${apps}/web/scale`, { spec: { replicas: 7 } }, MERGE);
    expect(scaled.spec.replicas).toBe(7);
    expect((await server.send('GET', `${apps}/web`)).body.spec.replicas).toBe(7);
  });
});

describe('binding', () => {
  beforeEach(() => server.send('POST', `${core}/pods`, pod('p')));

  test('gives the pod its node, once', async () => {
    expect((await bind('p', 'n1')).status).toBe(201);
    const { body } = await server.send('GET', `${core}/pods/p`);
    expect(body.spec.nodeName).toBe('n1');
    expect(body.status.conditions[0]).toMatchObject({ type: 'PodScheduled', status: 'True' });
    const again = await bind('p', 'n2');
    expect(again.body.message).toBe(
      'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
    );
  });

  test('may be tied to the pod that was seen', async () => {
    const { status, body } = await bind('p', 'n1', { uid: 'other' });
    expect([status, body.reason]).toEqual([409, 'Conflict']);
  });
});

describe('eviction', () => {
  const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  beforeEach(async () => {
    await server.send('POST', `${core}/pods`, pod('p'));
  });

  test('without a budget is a deletion', async () => {
    expect((await evict('p')).body).toMatchObject({ kind: 'Status', status: 'Success' });
    expect((await server.send('GET', `${core}/pods/p`)).status).toBe(404);
  });

  test('takes what its budget allows, and no more', async () => {
    const spec = { minAvailable: 1, selector: { matchLabels: { app: 'p' } } };
    await server.send('POST', budgets, { metadata: { name: 'b' }, spec });
    await setStatus(`${core}/pods/p`, running);
    const counts = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 };
    await setStatus(`${budgets}/b`, { ...counts, disruptionsAllowed: 0 });
    const refused = await evict('p');
    expect([refused.status, refused.body.details.causes[0]]).toEqual([
      429,
      { reason: 'DisruptionBudget', message: 'The disruption budget b needs 1 healthy pods and has 1 currently' },
    ]);
    await setStatus(`${budgets}/b`, { ...counts, disruptionsAllowed: 1 });
    expect((await evict('p')).status).toBe(201);
    const { body } = await server.send('GET', `${budgets}/b`);
    expect(body.status.disruptionsAllowed).toBe(0);
    expect(Object.keys(body.status.disruptedPods)).toEqual(['p']);
  });
});

describe('graceful deletion of pods', () => {
  test('is announced on a pod that runs, shortened, and ended with 0', async () => {
    await server.send('POST', `${core}/pods`, pod('p'));
    await bind('p', 'n1');
    const { body: marked } = await server.send('DELETE', `${core}/pods/p`);
    expect(marked.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:30Z',
      deletionGracePeriodSeconds: 30,
    });
    const { body: shorter } = await server.send('DELETE', `${core}/pods/p?gracePeriodSeconds=5`);
    expect(shorter.metadata.deletionTimestamp).toBe('2026-01-01T00:00:05Z');
    await server.send('DELETE', `${core}/pods/p?gracePeriodSeconds=0`);
    expect((await server.send('GET', `${core}/pods/p`)).status).toBe(404);
  });
});

describe('versions of one object', () => {
  test('an Event is the same under both groups', async () => {
    const event = { metadata: { name: 'e' }, involvedObject: { name: 'p', namespace: 'default' }, message: 'hello' };
    await server.send('POST', `${core}/events`, event);
    const { body } = await server.send('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e');
    expect(body).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'hello', regarding: { name: 'p' } });
    const { body: list } = await server.send('GET', '/apis/events.k8s.io/v1/events');
    expect([list.kind, list.items[0].note]).toEqual(['EventList', 'hello']);
  });

  test('an Event is selected by the fields of the group that is asked', async () => {
    const event = { metadata: { name: 'e' }, involvedObject: { namespace: 'default' }, reportingComponent: 'c' };
    await server.send('POST', `${core}/events`, event);
    const selected = async (path: string) => (await server.send('GET', path)).body.items.length;
    expect(await selected(`${core}/events?fieldSelector=source%3Dc`)).toBe(1);
    const events = '/apis/events.k8s.io/v1/namespaces/default/events';
    expect(await selected(`${events}?fieldSelector=reportingController%3Dc`)).toBe(1);
  });

  test('a CPU target of autoscaling/v1 is a metric of v2', async () => {
    const base = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
    const scaleTargetRef = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' };
    const spec = { maxReplicas: 5, targetCPUUtilizationPercentage: 50, scaleTargetRef };
    await server.send('POST', base('v1'), { metadata: { name: 'h' }, spec });
    const { body: v2 } = await server.send('GET', `${base('v2')}/h`);
    expect(v2.spec.metrics[0].resource.target.averageUtilization).toBe(50);
    const { body: v1 } = await server.send('GET', `${base('v1')}/h`);
    expect(v1.spec.targetCPUUtilizationPercentage).toBe(50);
  });
});
