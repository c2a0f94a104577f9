import { encodeObject } from '../../../functions/apiserver/encode.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import { type SecureCluster, secureCluster } from '../../builders/security.ts';

describe('A Service', () => {
  let cluster: SecureCluster;

  beforeEach(async () => {
    cluster = await secureCluster();
  });

  function service(name: string, spec: object = {}): KubeObject {
    const ports = [{ port: 80, protocol: 'TCP', targetPort: 80 }];
    return { kind: 'Service', metadata: { name, namespace: 'default' }, spec: { type: 'ClusterIP', ports, ...spec } };
  }

  /** As the registry writes it: the object and what belongs to it in one commit. */
  async function create(object: KubeObject) {
    const companions = await cluster.serviceWrites({ operation: 'create', object, dryRun: false });
    const key = `services/default/${object.metadata!.name}`;
    await cluster.store.commit([
      { op: 'create', key, value: (revision) => encodeObject(object, revision) },
      ...companions,
    ]);
    return object['spec'];
  }

  async function update(object: KubeObject, old: KubeObject) {
    await cluster.store.commit(await cluster.serviceWrites({ operation: 'update', object, old, dryRun: false }));
    return object['spec'];
  }

  const keys = async (prefix: string) => (await cluster.store.list(prefix)).items.map(({ key }) => key.split('/')[1]);
  const ports = () => keys('nodeports.zeroplane/');

  test('gets an address of the upper band, reserved by an IPAddress', async () => {
    const spec = await create(service('a'));
    expect(spec).toMatchObject({
      clusterIPs: [spec.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    const [, , third] = spec.clusterIP.split('.').map(Number);
    expect(third).toBeGreaterThanOrEqual(1);
    const address = await cluster.reader.get('ipaddresses.networking.k8s.io', spec.clusterIP);
    expect(address?.['spec']).toEqual({ parentRef: { resource: 'services', namespace: 'default', name: 'a' } });
  });

  test('gets the address it asks for, once', async () => {
    expect((await create(service('a', { clusterIP: '10.96.0.10' }))).clusterIP).toBe('10.96.0.10');
    await expect(create(service('b', { clusterIPs: ['10.96.0.10'] }))).rejects.toMatchObject({
      code: 422,
      message:
        'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    });
  });

  test.each(['10.97.0.10', '10.96.0.0', '10.96.255.255'])('cannot have %s', async (clusterIP) => {
    await expect(create(service('a', { clusterIP }))).rejects.toThrow(
      `failed to allocate IP ${clusterIP}: the provided network does not match the current range`,
    );
  });

  test.each([
    [{ clusterIP: 'None', clusterIPs: ['None'] }, ['IPv4', 'IPv6'], 'RequireDualStack'],
    [{ clusterIP: 'None', clusterIPs: ['None'], selector: { a: 'b' } }, ['IPv4'], 'SingleStack'],
    [{ ipFamilyPolicy: 'PreferDualStack' }, ['IPv4'], 'PreferDualStack'],
  ])('with %j gets families %j and policy %s', async (given, ipFamilies, ipFamilyPolicy) => {
    expect(await create(service('a', given))).toMatchObject({ ipFamilies, ipFamilyPolicy });
  });

  test('outside the cluster gets nothing', async () => {
    const spec = await create(service('a', { type: 'ExternalName', externalName: 'a.b' }));
    expect(spec).toEqual({ type: 'ExternalName', externalName: 'a.b', ports: expect.anything() });
  });

  test.each([
    [
      { ipFamilyPolicy: 'RequireDualStack' },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [{ ipFamilies: ['IPv6'] }, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    [
      { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] },
      'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
    ],
  ])('with %j is refused', async (given, message) => {
    await expect(create(service('a', given))).rejects.toThrow(message);
  });

  test('of type NodePort gets a port above those kept for requests', async () => {
    const [port] = (await create(service('a', { type: 'NodePort' }))).ports;
    expect(port.nodePort).toBeGreaterThanOrEqual(30086);
    expect(port.nodePort).toBeLessThanOrEqual(32767);
    expect(await ports()).toEqual([String(port.nodePort)]);
  });

  test('shares one node port between protocols of one port', async () => {
    const both = [
      { name: 'a', port: 53, protocol: 'TCP' },
      { name: 'b', port: 53, protocol: 'UDP' },
    ];
    const spec = await create(service('a', { type: 'NodePort', ports: both }));
    expect(spec.ports[0].nodePort).toBe(spec.ports[1].nodePort);
    expect(await ports()).toHaveLength(1);
  });

  test('gets the node port it asks for, once and within the range', async () => {
    const asking = (nodePort: number) => ({ type: 'NodePort', ports: [{ port: 80, nodePort }] });
    await create(service('a', asking(30080)));
    await expect(create(service('b', asking(30080)))).rejects.toThrow(
      'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    );
    await expect(create(service('c', asking(80)))).rejects.toThrow(
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
  });

  test('of type LoadBalancer with local traffic gets a port for health checks', async () => {
    const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    const spec = await create(service('a', local));
    expect(new Set(await ports())).toEqual(new Set([String(spec.healthCheckNodePort), String(spec.ports[0].nodePort)]));
    const taken = { ...local, healthCheckNodePort: spec.healthCheckNodePort };
    await expect(create(service('b', taken))).rejects.toMatchObject({ code: 500 });
  });

  test('gives back what it held when it goes', async () => {
    const object = service('a', { type: 'NodePort', clusterIP: '10.96.0.10' });
    await create(object);
    await cluster.store.commit(await cluster.serviceWrites({ operation: 'delete', object, dryRun: false }));
    expect(await ports()).toEqual([]);
    expect(await keys('ipaddresses.networking.k8s.io/')).toEqual(['10.96.0.1']);
    await create(service('b', { clusterIP: '10.96.0.10' }));
  });

  test('gives back and takes with its type', async () => {
    const old = service('a', { type: 'NodePort' });
    const { clusterIP, clusterIPs, ...rest } = await create(old);
    const plain = service('a', { clusterIP, clusterIPs });
    await update(plain, old);
    expect(await ports()).toEqual([]);
    const external = service('a', { type: 'ExternalName', externalName: 'x' });
    await update(external, plain);
    expect(await keys('ipaddresses.networking.k8s.io/')).toEqual(['10.96.0.1']);
    const again = await update(service('a', { ...rest, ports: [{ port: 80 }] }), external);
    expect(again.clusterIP).toMatch(/^10\.96\./);
    expect(await ports()).toHaveLength(1);
  });

  test('keeps what an update does not touch', async () => {
    const old = service('a', { type: 'NodePort' });
    const spec = await create(old);
    const object = service('a', structuredClone(spec));
    object['spec'].ports.push({ name: 'more', port: 81 });
    const before = await ports();
    const after = await update(object, old);
    expect(after.clusterIP).toBe(spec.clusterIP);
    expect(after.ports[0].nodePort).toBe(spec.ports[0].nodePort);
    expect(await ports()).toEqual(expect.arrayContaining(before));
  });

  test('that lost a race for a drawn address draws again', async () => {
    const object = service('a');
    await cluster.serviceWrites({ operation: 'create', object, dryRun: false });
    const lost = object['spec'].clusterIP;
    await create(service('b', { clusterIP: lost }));
    expect((await create(object)).clusterIP).not.toBe(lost);
  });

  test('draws from the whole range until it is full', async () => {
    const cidr = { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } };
    await cluster.put('servicecidrs.networking.k8s.io', cidr);
    const { serviceAllocation } = await import('../../../functions/apiserver/allocation/service-allocation.ts');
    const { seededRandom } = await import('../../fakes/random.ts');
    await cluster.remove('servicecidrs.networking.k8s.io', 'kubernetes');
    const { store, reader, clock } = cluster;
    const small = serviceAllocation({ store, reader, clock, random: seededRandom(2), serviceCIDR: '10.9.0.0/29' });
    const addresses = [];
    for (let i = 0; i < 6; i++) {
      const object = service(`s${i}`);
      await store.commit(await small({ operation: 'create', object, dryRun: false }));
      addresses.push(object['spec'].clusterIP);
    }
    expect(addresses.sort()).toEqual([1, 2, 3, 4, 5, 6].map((i) => `10.9.0.${i}`));
    await expect(small({ operation: 'create', object: service('x'), dryRun: false })).rejects.toThrow('range is full');
  });
});
