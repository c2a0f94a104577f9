import { staleFlows } from '../../../agent/proxy/conntrack.ts';
import { clusterEndpoints, type EndpointAddress } from '../../../agent/proxy/endpoints.ts';
import { checksOf } from '../../../agent/proxy/health-check.ts';
import { hostPorts } from '../../../agent/proxy/host-ports.ts';
import { proxyRules } from '../../../agent/proxy/proxy-rules.ts';
import type { Ruleset } from '../../../agent/proxy/ruleset.ts';
import { replaceScript, updateScript } from '../../../agent/proxy/script.ts';
import { isProxied, type ServicePortTarget, servicePorts } from '../../../agent/proxy/service-port.ts';
import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../../../lib/api/types.ts';
import { pod } from '../../builders/objects.ts';

const HERE = { nodeName: 'here', zone: 'a' };
const RANGE = { podCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16', ownIPs: ['10.96.0.10'] };
const TABLE = 'ip test';

function service(spec: Partial<ServiceSpec> = {}, more: Partial<Service> = {}): Service {
  return {
    metadata: { namespace: 'default', name: 'web' },
    spec: { clusterIP: '10.96.0.20', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    ...more,
  };
}

function slice(...endpoints: Partial<Endpoint>[]): EndpointSlice {
  const filled = endpoints.map((endpoint) => ({ addresses: ['10.244.1.2'], nodeName: 'here', ...endpoint }));
  return { addressType: 'IPv4', ports: [{ port: 8080, protocol: 'TCP' }], endpoints: filled };
}

function targets(of: Service, ...slices: EndpointSlice[]): ServicePortTarget[] {
  return servicePorts(of, slices, HERE);
}

function rules(of: Service, ...slices: EndpointSlice[]): Ruleset {
  return proxyRules(targets(of, ...slices), [], RANGE);
}

/** Where a packet to this key ends: the translations that its chains may reach, or the refusal. */
function reach(ruleset: Ruleset, map: string, key: string): string[] {
  const verdict = ruleset.elements.get(map)?.get(key);
  return verdict ? follow(ruleset, verdict) : [];
}

function follow(ruleset: Ruleset, verdict: string): string[] {
  const chain = /^goto (\S+)$/.exec(verdict)?.[1];
  if (!chain) return [verdict];
  return (ruleset.chains.get(chain) ?? []).flatMap((rule) => {
    const address = /dnat to (\S+)/.exec(rule)?.[1];
    if (address) return [address];
    if (/reject/.test(rule)) return ['reject'];
    const next = Array.from(rule.matchAll(/goto (\S+?)[,\s]|goto (\S+)$/g), (m) => `goto ${m[1] ?? m[2]}`);
    return rule === 'drop' ? ['drop'] : [...new Set(next.flatMap((n) => follow(ruleset, n)))];
  });
}

describe('the rules of a service', () => {
  const two = slice({ addresses: ['10.244.1.2'] }, { addresses: ['10.244.2.3'], nodeName: 'there' });

  test('its cluster IP leads to all ready endpoints', () => {
    expect(reach(rules(service(), two), 'services', '10.96.0.20 . tcp . 80')).toEqual([
      '10.244.1.2:8080',
      '10.244.2.3:8080',
    ]);
  });

  test('an endpoint in two slices counts once', () => {
    expect(targets(service(), two, two)[0]?.cluster).toHaveLength(2);
  });

  test('without endpoints it refuses, at its cluster IP and its node port', () => {
    const ruleset = rules(service({ ports: [{ port: 80, nodePort: 30080 }] }), slice());
    expect(ruleset.elements.get('services')).toBeUndefined();
    expect(reach(ruleset, 'unserved', '10.96.0.20 . tcp . 80')).toContain('reject');
    expect(reach(ruleset, 'unserved-nodeports', 'tcp . 30080')).toContain('reject');
  });

  test('policy Local without local endpoints drops, so that a load balancer tries the next node', () => {
    const there = slice({ addresses: ['10.244.2.3'], nodeName: 'there' });
    const local = service({ internalTrafficPolicy: 'Local' });
    expect(rules(local, there).elements.get('unserved')?.get('10.96.0.20 . tcp . 80')).toBe('drop');
    const external = service({ externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30080 }] });
    expect(reach(rules(external, there), 'nodeports', 'tcp . 30080')).toContain('drop');
  });

  test('terminating endpoints that still serve are used when no other is ready', () => {
    const terminating = { addresses: ['10.244.1.9'], conditions: { ready: false, serving: true, terminating: true } };
    const notReady = { addresses: ['10.244.1.8'], conditions: { ready: false } };
    const ips = (...endpoints: Partial<Endpoint>[]) =>
      targets(service(), slice(...endpoints))[0]?.cluster.map((endpoint) => endpoint.ip);
    expect(ips({}, terminating, notReady)).toEqual(['10.244.1.2']);
    expect(ips(terminating, notReady)).toEqual(['10.244.1.9']);
    expect(ips(notReady)).toEqual([]);
  });

  test('topology hints are followed when every endpoint has one and one is for here', () => {
    const hinted = (zone: string, ip: string) => ({ addresses: [ip], hints: { forZones: [{ name: zone }] } });
    const ips = (...endpoints: Partial<Endpoint>[]) =>
      targets(service(), slice(...endpoints))[0]?.cluster.map((endpoint) => endpoint.ip);
    expect(ips(hinted('a', '10.244.1.1'), hinted('b', '10.244.2.1'))).toEqual(['10.244.1.1']);
    expect(ips(hinted('a', '10.244.1.1'), { addresses: ['10.244.2.1'] })).toHaveLength(2);
    expect(ips(hinted('b', '10.244.1.1'), hinted('b', '10.244.2.1'))).toHaveLength(2);
    const forNode = (name: string, ip: string) => ({ addresses: [ip], hints: { forNodes: [{ name }] } });
    expect(ips(forNode('here', '10.244.1.1'), forNode('there', '10.244.2.1'))).toEqual(['10.244.1.1']);
  });

  test('load balancer addresses are served unless the balancer delivers by itself', () => {
    const balanced = (ipMode?: string) =>
      service({ type: 'LoadBalancer' }, { status: { loadBalancer: { ingress: [{ ip: '203.0.113.9', ipMode }] } } });
    const key = '203.0.113.9 . tcp . 80';
    expect(reach(rules(balanced(), two), 'services', key)).not.toEqual([]);
    expect(reach(rules(balanced('Proxy'), two), 'services', key)).toEqual([]);
  });

  test('source ranges guard a load balancer address', () => {
    const guarded = service(
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['198.51.100.0/24'] },
      { status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } } },
    );
    const ruleset = rules(guarded, two);
    const chain = ruleset.elements.get('firewall')?.get('203.0.113.9 . tcp . 80')?.replace('goto ', '') ?? '';
    expect(ruleset.chains.get(chain)).toEqual(['ip saddr 198.51.100.0/24 return', 'drop']);
  });

  test('headless, external-name and foreign services are not its business', () => {
    expect(isProxied(service())).toBe(true);
    expect(isProxied(service({ clusterIP: 'None' }))).toBe(false);
    expect(isProxied(service({ clusterIP: 'fd00::1' }))).toBe(false);
    expect(isProxied(service({ type: 'ExternalName', clusterIP: '' }))).toBe(false);
    const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
    expect(isProxied(service({}, { metadata: { name: 'web', labels } }))).toBe(false);
  });
});

describe('the script between two states', () => {
  const before = rules(service(), slice({}));
  const after = rules(service(), slice({}, { addresses: ['10.244.1.3'] }));

  test('says nothing when nothing changed', () => {
    expect(updateScript(TABLE, before, rules(service(), slice({})))).toBe('');
  });

  test('touches what belongs to the service that changed, and nothing else', () => {
    const other = { ...service({ clusterIP: '10.96.0.21' }), metadata: { namespace: 'default', name: 'other' } };
    const with_ = (endpoints: EndpointSlice) =>
      proxyRules([...targets(other, slice({})), ...targets(service(), endpoints)], [], RANGE);
    const script = updateScript(TABLE, with_(slice({})), with_(slice({}, { addresses: ['10.244.1.3'] })));
    expect(script).toContain('dnat to 10.244.1.3:8080');
    expect(script).not.toContain('10.96.0.21');
    expect(script.split('\n').filter((line) => line.startsWith('flush chain'))).toHaveLength(1);
  });

  test('leads back: what was added is removed, elements before the chains they name', () => {
    const script = updateScript(TABLE, after, proxyRules([], [], RANGE));
    expect(script.indexOf('delete element')).toBeLessThan(script.indexOf('delete chain'));
    expect(script.match(/delete chain/g)).toHaveLength(3);
  });

  test('affinity sets stay as long as their endpoint and timeout do', () => {
    const sticky = (seconds: number) =>
      service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: seconds } } });
    const one = rules(sticky(60), slice({}));
    expect(updateScript(TABLE, one, rules(sticky(60), slice({}, { addresses: ['10.244.1.3'] })))).not.toContain(
      'delete set',
    );
    expect(updateScript(TABLE, one, rules(sticky(90), slice({})))).toContain('delete set');
  });

  test('a replacement begins by taking away what may be there', () => {
    expect(replaceScript(TABLE, before)).toMatch(/^add table ip test\ndelete table ip test\nadd table ip test\n/);
  });
});

describe('flows to forget', () => {
  const udp = service({ ports: [{ port: 53, protocol: 'UDP', nodePort: 30053 }] });
  const at = (...ips: string[]) => ({
    ...slice(...ips.map((ip) => ({ addresses: [ip] }))),
    ports: [{ port: 53, protocol: 'UDP' }],
  });

  test('are those of a UDP endpoint that is gone, at every address of its service', () => {
    expect(staleFlows(targets(udp, at('10.244.1.2', '10.244.1.3')), targets(udp, at('10.244.1.3')))).toEqual([
      { destination: '10.96.0.20', port: 53, endpoint: '10.244.1.2' },
      { port: 30053, endpoint: '10.244.1.2' },
    ]);
  });

  test('are those that began before there was an endpoint', () => {
    expect(staleFlows(targets(udp, at()), targets(udp, at('10.244.1.2')))).toEqual([
      { destination: '10.96.0.20', port: 53 },
      { port: 30053 },
    ]);
  });

  test('are those of an endpoint that answers at another port now', () => {
    const moved = { ...at('10.244.1.2'), ports: [{ port: 5353, protocol: 'UDP' }] };
    expect(staleFlows(targets(udp, at('10.244.1.2')), targets(udp, moved))).toContainEqual({
      port: 30053,
      endpoint: '10.244.1.2',
    });
  });

  test('are none for TCP', () => {
    expect(staleFlows(targets(service(), slice({})), targets(service(), slice()))).toEqual([]);
  });
});

describe('host ports', () => {
  const ports = [{ containerPort: 80, hostPort: 8080 }];
  const web = (more: object) =>
    pod({ spec: { containers: [{ name: 'c', image: 'i', ports }], ...more }, status: { podIP: '10.244.1.2' } });

  test('lead to the pod that has them', () => {
    const ruleset = proxyRules([], hostPorts([web({})]), RANGE);
    expect(reach(ruleset, 'hostports', 'tcp . 8080')).toEqual(['10.244.1.2:80']);
  });

  test('are not translated for pods with the network of the host, nor for those that have ended', () => {
    expect(hostPorts([web({ hostNetwork: true })])).toEqual([]);
    expect(hostPorts([{ ...web({}), status: { podIP: '10.244.1.2', phase: 'Succeeded' } }])).toEqual([]);
  });
});

test('a health check counts the endpoints on this node once, whatever their ports', () => {
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81 },
  ];
  const of = service({ externalTrafficPolicy: 'Local', healthCheckNodePort: 32000, ports });
  const both = {
    ...slice({}, { addresses: ['10.244.2.3'], nodeName: 'there' }),
    ports: ports.map((p) => ({ ...p, port: 8080 })),
  };
  expect([...checksOf(targets(of, both))]).toEqual([[32000, { namespace: 'default', name: 'web', localEndpoints: 1 }]]);
});

test('a health check counts no endpoint that terminates, though it still serves', () => {
  const of = service({ externalTrafficPolicy: 'Local', healthCheckNodePort: 32000 });
  const ending = slice({ conditions: { ready: false, serving: true, terminating: true } });
  expect(checksOf(targets(of, ending)).get(32000)).toMatchObject({ localEndpoints: 0 });
});

describe('topology hints', () => {
  const ips = (all: ReturnType<typeof clusterEndpoints>) => all.map(({ ip }) => ip);
  const place = { nodeName: 'here', zone: 'z1' };
  const endpoint = (ip: string, hints: Partial<EndpointAddress> = {}): EndpointAddress => ({
    ...{ ip, port: 80, local: false, ready: true, serving: true, terminating: false, zones: [], nodes: [] },
    ...hints,
  });

  test('prefer this node, then this zone, then all', () => {
    const same = endpoint('10.0.0.1', { zones: ['z1'], nodes: ['here'] });
    const near = endpoint('10.0.0.2', { zones: ['z1'], nodes: ['next'] });
    const far = endpoint('10.0.0.3', { zones: ['z2'], nodes: ['far'] });
    expect(ips(clusterEndpoints([same, near, far], place))).toEqual(['10.0.0.1']);
    expect(ips(clusterEndpoints([near, far], place))).toEqual(['10.0.0.2']);
    expect(ips(clusterEndpoints([far], place))).toEqual(['10.0.0.3']);
  });

  test('count for nothing when an endpoint has none, or nothing is known of this node’s zone', () => {
    const [near, bare] = [endpoint('10.0.0.2', { zones: ['z1'] }), endpoint('10.0.0.3')];
    expect(ips(clusterEndpoints([near, bare], place))).toEqual(['10.0.0.2', '10.0.0.3']);
    const far = endpoint('10.0.0.4', { zones: ['z2'] });
    expect(ips(clusterEndpoints([near, far], { nodeName: 'here' }))).toEqual(['10.0.0.2', '10.0.0.4']);
  });
});
