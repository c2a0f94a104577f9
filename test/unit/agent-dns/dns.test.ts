import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { type Answer, decode, encode, type Packet, type RecordType } from 'dns-packet';
import { clusterRecords } from '../../../agent/dns/cluster-records.ts';
import { createResolver } from '../../../agent/dns/resolver.ts';
import { range } from '../../../agent/dns/reverse-zone.ts';
import { type DnsServer, serveDns } from '../../../agent/dns/server.ts';
import { upstream, withLength } from '../../../agent/dns/upstream.ts';
import { cachedUpstream } from '../../../agent/dns/upstream-cache.ts';
import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../../../lib/api/types.ts';
import { ObjectCache } from '../../../lib/client/object-cache.ts';
import { endpointSlices, services } from '../../../lib/client/resource-type.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';
import { stored } from '../../builders/objects.ts';

const LOOPBACK = '127.0.0.1';

function service(name: string, spec: ServiceSpec): Service & { metadata: ReturnType<typeof stored> } {
  return { metadata: stored(name, 'shop'), spec };
}

function slice(of: string, endpoints: Endpoint[]): EndpointSlice & { metadata: ReturnType<typeof stored> } {
  const metadata = stored(`${of}-abc`, 'shop', { 'kubernetes.io/service-name': of });
  return { metadata, addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] };
}

describe('cluster DNS over real sockets', () => {
  let server: DnsServer;
  let outside: Socket;
  let asked: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    outside = createSocket('udp4');
    outside.on('message', (message, from) => outside.send(outsideAnswer(message), from.port, from.address));
    await new Promise<void>((resolve) => outside.bind(0, LOOPBACK, resolve));
    const serviceCache = new ObjectCache(services);
    const sliceCache = new ObjectCache(endpointSlices);
    const http = { name: 'http', port: 80, protocol: 'TCP' };
    const many = Array.from({ length: 60 }, (_, i) => ({ addresses: [`10.244.9.${i + 1}`] }));
    serviceCache.replace(
      [
        service('web', { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'], ports: [http] }),
        service('db', { clusterIP: 'None', ports: [http] }),
        service('many', { clusterIP: 'None', ports: [http] }),
        service('outside', { type: 'ExternalName', externalName: 'example.org' }),
        service('inside', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
      ] as never,
      '1',
    );
    sliceCache.replace(
      [
        slice('db', [
          { addresses: ['10.244.1.5'], hostname: 'db-0' },
          { addresses: ['10.244.1.6'] },
          { addresses: ['10.244.1.7'], conditions: { ready: false } },
        ]),
        slice('many', many),
      ] as never,
      '1',
    );
    const zone = {
      domain: 'cluster.local',
      dnsIP: '10.96.0.10',
      records: clusterRecords(serviceCache, sliceCache),
      random: { next: () => 0, uuid: () => '', suffix: () => '' },
    };
    const others = cachedUpstream(upstream([`${LOOPBACK}:${outside.address().port}`], systemClock), systemClock);
    const resolver = createResolver(zone, [range('10.96.0.0/16'), range('10.244.0.0/16')], others);
    server = await serveDns(resolver, [LOOPBACK], 0, (message) => problems.push(message));
  });

  afterAll(async () => {
    await server.close();
    outside.close();
  });

  beforeEach(() => {
    asked = [];
  });

  function outsideAnswer(message: Buffer): Buffer {
    const query = decode(message);
    const name = query.questions?.[0]?.name ?? '';
    asked.push(name);
    if (name.startsWith('broken')) return Buffer.concat([message.subarray(0, 2), Buffer.from('nonsense')]);
    const answers: Answer[] = [{ type: 'A', name, ttl: 60, data: '93.184.216.34' }];
    return encode({ type: 'response', id: query.id ?? 0, flags: 0, questions: query.questions ?? [], answers });
  }

  function query(name: string, type: RecordType, more: Partial<Packet> = {}): Buffer {
    return encode({ type: 'query', id: 4711, flags: 1 << 8, questions: [{ name, type }], ...more });
  }

  async function exchange(message: Buffer): Promise<Buffer> {
    const socket = createSocket('udp4');
    try {
      return await new Promise((resolve) => {
        socket.once('message', resolve);
        socket.send(message, server.port, LOOPBACK);
      });
    } finally {
      socket.close();
    }
  }

  const ask = async (name: string, type: RecordType = 'A', more: Partial<Packet> = {}) =>
    decode(await exchange(query(name, type, more))) as ReturnType<typeof decode> & { rcode: string };
  const data = (packet: Packet) => (packet.answers ?? []).map((answer) => ('data' in answer ? answer.data : undefined));

  test('a service has its cluster IP, and no IPv6 address', async () => {
    expect(data(await ask('web.shop.svc.cluster.local'))).toEqual(['10.96.0.20']);
    const none = await ask('web.shop.svc.cluster.local', 'AAAA');
    expect(none).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
      authorities: [{ type: 'SOA', name: 'cluster.local' }],
    });
  });

  test('names are compared without case and answered as they were asked', async () => {
    const answer = await ask('WeB.sHop.svc.Cluster.local');
    expect(answer.answers?.[0]?.name).toBe('WeB.sHop.svc.Cluster.local');
    expect(answer.id).toBe(4711);
  });

  test('a headless service has the addresses of its ready endpoints', async () => {
    expect(data(await ask('db.shop.svc.cluster.local')).sort()).toEqual(['10.244.1.5', '10.244.1.6']);
  });

  test('a pod behind a headless service is found by hostname, or by its dashed address', async () => {
    expect(data(await ask('db-0.db.shop.svc.cluster.local'))).toEqual(['10.244.1.5']);
    expect(data(await ask('10-244-1-6.db.shop.svc.cluster.local'))).toEqual(['10.244.1.6']);
    expect((await ask('db-7.db.shop.svc.cluster.local')).rcode).toBe('NXDOMAIN');
  });

  test('named ports have SRV records with their targets beside them', async () => {
    const answer = await ask('_http._tcp.web.shop.svc.cluster.local', 'SRV');
    expect(data(answer)).toEqual([{ priority: 0, weight: 100, port: 80, target: 'web.shop.svc.cluster.local' }]);
    expect(answer.additionals).toMatchObject([{ type: 'A', data: '10.96.0.20' }]);
    const headless = data(await ask('_http._tcp.db.shop.svc.cluster.local', 'SRV')) as {
      target: string;
      port: number;
    }[];
    expect(headless.map(({ target, port }) => `${target}:${port}`).sort()).toEqual([
      '10-244-1-6.db.shop.svc.cluster.local:8080',
      'db-0.db.shop.svc.cluster.local:8080',
    ]);
    expect((await ask('_nope._tcp.web.shop.svc.cluster.local', 'SRV')).rcode).toBe('NXDOMAIN');
  });

  test('a pod is found by its dashed address in its namespace', async () => {
    expect(data(await ask('10-244-1-5.shop.pod.cluster.local'))).toEqual(['10.244.1.5']);
    expect((await ask('10-244-1-500.shop.pod.cluster.local')).rcode).toBe('NXDOMAIN');
  });

  test('addresses of the cluster lead back to names', async () => {
    expect(data(await ask('20.0.96.10.in-addr.arpa', 'PTR'))).toEqual(['web.shop.svc.cluster.local']);
    expect(data(await ask('5.1.244.10.in-addr.arpa', 'PTR'))).toEqual(['db-0.db.shop.svc.cluster.local']);
    expect((await ask('99.0.96.10.in-addr.arpa', 'PTR')).rcode).toBe('NXDOMAIN');
    expect(asked).toEqual([]);
  });

  test('an external name is an alias, with the address it leads to', async () => {
    expect(data(await ask('outside.shop.svc.cluster.local'))).toEqual(['example.org', '93.184.216.34']);
    expect(data(await ask('inside.shop.svc.cluster.local'))).toEqual(['web.shop.svc.cluster.local', '10.96.0.20']);
  });

  test('names that are not there are denied with the SOA; names between are empty', async () => {
    for (const name of ['nope.shop.svc.cluster.local', 'nope.cluster.local', 'x.nope.svc.cluster.local'])
      expect(await ask(name)).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ type: 'SOA' }] });
    for (const name of ['shop.svc.cluster.local', 'svc.cluster.local', '_tcp.web.shop.svc.cluster.local'])
      expect(await ask(name)).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });

  test('the version of the specification is told', async () => {
    const [text] = data(await ask('dns-version.cluster.local', 'TXT'));
    expect(String(text)).toBe('1.1.0');
  });

  test('other names go upstream once, and are remembered', async () => {
    expect(data(await ask('www.example.com'))).toEqual(['93.184.216.34']);
    expect(data(await ask('www.example.com'))).toEqual(['93.184.216.34']);
    expect(asked).toEqual(['www.example.com']);
  });

  test('what is too long for UDP is cut, fits with EDNS, and comes whole over TCP', async () => {
    const cut = await ask('many.shop.svc.cluster.local');
    expect(cut).toMatchObject({ flag_tc: true, answers: [] });
    const options = [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] }] as unknown as Answer[];
    const edns = await ask('many.shop.svc.cluster.local', 'A', { additionals: options });
    expect(edns.answers).toHaveLength(60);
    expect(edns.additionals).toMatchObject([{ type: 'OPT' }]);
    const whole = await new Promise<Buffer>((resolve) => {
      const socket = connect(server.port, LOOPBACK);
      socket.once('data', (bytes) => {
        socket.destroy();
        resolve(bytes.subarray(2));
      });
      socket.write(withLength(query('many.shop.svc.cluster.local', 'A')));
    });
    expect(decode(whole).answers).toHaveLength(60);
  });

  test('what upstream says is passed on even when it is no DNS message, and nothing fails by it', async () => {
    const answer = await exchange(query('broken.example.com', 'A'));
    expect(answer.toString('latin1', 2)).toBe('nonsense');
    expect(problems).toEqual([]);
  });

  test('what cannot be read is a format error, and answers are not answered', async () => {
    const broken = query('web.shop.svc.cluster.local', 'A').subarray(0, 20);
    expect(decode(await exchange(Buffer.from(broken)))).toMatchObject({ id: 4711, rcode: 'FORMERR' });
  });
});
