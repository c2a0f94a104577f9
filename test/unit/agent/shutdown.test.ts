import { type NodeUnderTest, nodeUnderTest } from './node-under-test.ts';

const CRITICAL = 2_000_000_000;

describe('a node that shuts down', () => {
  let node: NodeUnderTest;
  beforeEach(async () => {
    node = await nodeUnderTest();
  });
  afterEach(() => node.end());

  const run = async (name: string, spec: { priority?: number; terminationGracePeriodSeconds?: number } = {}) => {
    await node.create({ metadata: { name }, spec: { containers: [{ name: `c-${name}`, image: 'i' }], ...spec } });
    await node.until(name, (pod) => pod?.status?.phase === 'Running', 20);
  };
  /** Resolves when it is over; the clock goes on meanwhile. */
  const shutDown = async () => {
    let over = false;
    const done = node.agent.shutDown().finally(() => {
      over = true;
    });
    for (let turn = 0; !over && turn < 20_000; turn++) await node.clock.advance(20);
    await done;
  };

  test('ends its pods, says so, and takes no others', async () => {
    await run('web', { terminationGracePeriodSeconds: 5 });
    await shutDown();
    expect(node.runtime.running()).toEqual([]);
    const { status } = await node.until('web', (pod) => pod?.status?.phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
    });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    );
    await node.create({ metadata: { name: 'late' } });
    const late = await node.until('late', (pod) => pod?.status?.phase === 'Failed', 20);
    expect(late.status).toMatchObject({
      reason: 'NodeShutdown',
      message: 'Pod was rejected: Pod was rejected as the node is shutting down.',
    });
    await node.until('none', () => !node.agent.ready, 1000);
  });

  test('ends critical pods when the others have ended', async () => {
    await run('needed', { priority: CRITICAL });
    await run('web');
    const held = Promise.withResolvers<void>();
    node.runtime.onStop = (name) => (name === 'c-web' ? held.promise : Promise.resolve());
    const done = node.agent.shutDown();
    await node.until('web', () => node.runtime.exits.length > 0, 20);
    expect(node.runtime.running().sort()).toEqual(['c-needed', 'c-web']);
    held.resolve();
    await node.until('needed', () => node.runtime.running().length === 0, 20);
    await node.until('needed', (pod) => pod?.status?.phase === 'Failed', 20);
    await node.clock.advance(100);
    await done;
  });

  test('gives containers no longer than their own grace, nor than its own', async () => {
    await run('hasty', { terminationGracePeriodSeconds: 5 });
    await run('slow', { terminationGracePeriodSeconds: 600 });
    await run('needed', { priority: CRITICAL, terminationGracePeriodSeconds: 600 });
    await shutDown();
    const seconds = node.runtime.exits.map(({ timeoutSeconds }) => timeoutSeconds);
    expect(seconds.sort((a, b) => a - b)).toEqual([5, 10, 20]);
  });

  test('goes down without the API, which then knows its pods as they were', async () => {
    await run('web');
    const { fetch } = node.apiserver;
    node.apiserver.fetch = () => Promise.reject(new Error('it is down'));
    await shutDown();
    expect(node.runtime.running()).toEqual([]);
    await node.agent.stop();
    node.apiserver.fetch = fetch;
    expect((await node.get('web'))?.status?.phase).toBe('Running');
    await node.restart();
    await node.until('web', () => node.runtime.running().includes('c-web'), 200);
    expect((await node.get('web'))?.status?.phase).toBe('Running');
  });
});
