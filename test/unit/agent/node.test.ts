import { nodeConditions } from '../../../agent/node/conditions.ts';
import { events, leases, nodes } from '../../../lib/client/resource-type.ts';
import { type NodeUnderTest, nodeUnderTest } from './node-under-test.ts';

describe('a node', () => {
  let node: NodeUnderTest;
  beforeEach(async () => {
    node = await nodeUnderTest();
  });
  afterEach(() => node.end());
  const read = () => node.client.get(nodes, { name: 'n1' });

  it('registers itself with what it is and has', async () => {
    await node.until('none', () => node.agent.ready);
    const { metadata, spec, status } = await read();
    expect(metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'n1', 'kubernetes.io/arch': 'amd64' });
    expect(spec).toMatchObject({ podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] });
    expect(status).toMatchObject({
      addresses: [
        { type: 'InternalIP', address: '192.0.2.10' },
        { type: 'Hostname', address: 'n1' },
      ],
      capacity: { cpu: '4', memory: '8388608Ki', pods: '110' },
      allocatable: { cpu: '4', memory: '8092Mi' },
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: { kubeletVersion: 'v1.37.2+zeroplane.0.1.0', containerRuntimeVersion: 'fake://1' },
      images: [{ names: ['i'], sizeBytes: 1000 }],
    });
  });

  it('is ready only while its runtime and its network are', async () => {
    await node.until('none', () => node.agent.ready);
    node.runtime.status = async () => ({
      conditions: [
        { type: 'RuntimeReady', status: true, reason: '', message: '' },
        { type: 'NetworkReady', status: false, reason: 'NetworkPluginNotReady', message: 'no network config' },
      ],
    });
    await node.until('none', () => !node.agent.ready, 1000);
    const ready = (await read()).status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({
      status: 'False',
      reason: 'KubeletNotReady',
      message:
        'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:no network config',
    });
  });

  it('writes its status when it changed, else every five minutes, and renews its lease every ten seconds', async () => {
    const lease = () => node.client.get(leases, { namespace: 'kube-node-lease', name: 'n1' });
    const begun = node.clock.now();
    await node.until('none', () => node.agent.ready);
    await node.clock.advance(15_000);
    const first = { node: await read(), lease: await lease() };
    expect(first.lease.metadata.ownerReferences).toMatchObject([{ kind: 'Node', uid: first.node.metadata.uid }]);
    await node.clock.advance(60_000);
    const second = { node: await read(), lease: await lease() };
    expect(second.node.metadata.resourceVersion).toBe(first.node.metadata.resourceVersion);
    expect(Date.parse(second.lease.spec!.renewTime!)).toBeGreaterThan(
      Date.parse(first.lease.spec!.renewTime!) + 40_000,
    );
    const version = async () => (await read()).metadata.resourceVersion;
    await node.until('none', async () => (await version()) !== first.node.metadata.resourceVersion, 1000);
    expect(node.clock.now() - begun).toBeGreaterThanOrEqual(300_000);
  });

  it('tells of what it has, and that nobody shall schedule to it any more', async () => {
    await node.until('none', () => node.agent.ready);
    const cordoned = { type: 'merge', body: { spec: { unschedulable: true } } } as const;
    await node.client.patch(nodes, { name: 'n1' }, cordoned);
    const told = async () => {
      await node.agent.recorder.flush();
      const { items } = await node.client.list(events);
      return items.filter(({ involvedObject }) => involvedObject.kind === 'Node').map(({ reason }) => reason);
    };
    await node.until('none', async () => (await told()).includes('NodeNotSchedulable'), 1000);
    expect(await told()).toEqual([
      'Starting',
      'NodeHasSufficientMemory',
      'NodeHasNoDiskPressure',
      'NodeHasSufficientPID',
      'NodeReady',
      'NodeNotSchedulable',
    ]);
  });

  it('takes back what was said of it while it was silent', async () => {
    await node.until('none', () => node.agent.ready);
    const body = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } };
    await node.client.patch(nodes, { name: 'n1' }, { type: 'strategic', body }, { subresource: 'status' });
    const ready = async () => (await read()).status?.conditions?.find(({ type }) => type === 'Ready');
    await node.until('none', async () => (await ready())?.status === 'True', 1000);
    expect(await ready()).toMatchObject({ reason: 'KubeletReady' });
  });

  it('registers again when its object was deleted', async () => {
    await node.until('none', () => node.agent.ready);
    const { uid } = (await read()).metadata;
    await node.client.delete(nodes, { name: 'n1' });
    const uids = async () => (await node.client.list(nodes)).items.map(({ metadata }) => metadata.uid);
    await node.until('none', async () => (await uids()).some((now) => now !== uid), 1000);
  });
});

it('says under which pressure it is, and that its runtime is down', () => {
  const pressures = new Set(['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const);
  const conditions = nodeConditions({ runtime: new Error('connection refused'), pressures });
  expect(conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
    'MemoryPressure=True KubeletHasInsufficientMemory',
    'DiskPressure=True KubeletHasDiskPressure',
    'PIDPressure=True KubeletHasInsufficientPID',
    'Ready=False KubeletNotReady',
  ]);
  expect(conditions[3]?.message).toBe('container runtime is down: connection refused');
});
