import { TABLE } from '../../../agent/proxy/base-rules.ts';
import { staleFlows } from '../../../agent/proxy/conntrack.ts';
import { hostPorts } from '../../../agent/proxy/host-ports.ts';
import { proxyRules } from '../../../agent/proxy/proxy-rules.ts';
import { emptyRuleset, type Ruleset } from '../../../agent/proxy/ruleset.ts';
import { replaceScript, updateScript } from '../../../agent/proxy/script.ts';
import { type ServicePortTarget, servicePorts } from '../../../agent/proxy/service-port.ts';
import type { Endpoint, LoadBalancerIngress, Pod, ServiceSpec } from '../../../lib/api/types.ts';
import { pod } from '../../builders/objects.ts';
import { Namespaces } from './namespaces.ts';

const RANGE = { podCIDR: '10.77.0.0/16', serviceCIDR: '10.97.0.0/16', ownIPs: ['10.97.0.53'] };
const CLUSTER_IP = '10.97.0.10';
const NODE_IP = '192.168.77.1';
const A = '10.77.1.2';
const B = '10.77.1.3';

describe('service proxy between real network namespaces', () => {
  let net: Namespaces;
  let applied: { ruleset: Ruleset; targets: ServicePortTarget[] } = { ruleset: emptyRuleset(), targets: [] };

  beforeAll(async () => {
    net = new Namespaces('zpg');
    net.attach('a', `${A}/32`, '169.254.1.1/32');
    net.attach('b', `${B}/32`, '169.254.1.2/32');
    net.attach('outside', '192.168.77.9/32', `${NODE_IP}/32`);
    net.run('node', 'ip', 'route', 'add', 'default', 'dev', 'outside');
    await Promise.all([net.serve('a', 8080), net.serve('b', 8080)]);
    net.apply(replaceScript(TABLE, proxyRules([], [], RANGE)));
    applied = { ruleset: proxyRules([], [], RANGE), targets: [] };
  });

  afterAll(() => net.remove());

  /** Goes on from what stands, by the difference, as the agent does. */
  function serve(
    spec: Partial<ServiceSpec>,
    endpoints: Partial<Endpoint>[],
    pods: Pod[] = [],
    ingress: LoadBalancerIngress[] = [],
  ): void {
    const service = {
      metadata: { namespace: 'default', name: 'web' },
      spec: { clusterIP: CLUSTER_IP, ports: [{ port: 80, protocol: 'TCP' }], ...spec },
      status: { loadBalancer: { ingress } },
    };
    const slice = {
      addressType: 'IPv4',
      ports: (service.spec.ports ?? []).map((port) => ({ ...port, port: 8080 })),
      endpoints: endpoints.map((endpoint) => ({ addresses: [A], nodeName: 'here', ...endpoint })),
    };
    const targets = servicePorts(service, [slice], { nodeName: 'here' });
    const ruleset = proxyRules(targets, hostPorts(pods), RANGE);
    net.apply(updateScript(TABLE, applied.ruleset, ruleset));
    for (const flow of staleFlows(applied.targets, targets)) {
      const args = ['-D', '-p', 'udp', '--dport', `${flow.port}`];
      try {
        net.run('node', 'conntrack', ...args, ...(flow.endpoint ? ['--dst-nat', flow.endpoint] : []));
      } catch {
        // Nothing matched.
      }
    }
    applied = { ruleset, targets };
  }

  const who = (answers: string[]) => new Set(answers.map((answer) => answer.split(' ')[0]));
  const both = [{ addresses: [A] }, { addresses: [B] }];
  const nodePort = { ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] };

  test('a pod reaches both endpoints at the cluster IP, and itself by hairpin', () => {
    serve({}, both);
    const answers = net.connect('a', CLUSTER_IP, 80, 30);
    expect(who(answers)).toEqual(new Set(['a', 'b']));
    expect(answers).toContain(`b ${A}`);
  });

  test('the node itself and clients outside reach the cluster IP', () => {
    expect(who(net.connect('node', CLUSTER_IP, 80, 20))).toEqual(new Set(['a', 'b']));
    expect(who(net.connect('outside', CLUSTER_IP, 80, 20))).toEqual(new Set(['a', 'b']));
  });

  test('a node port answers at the node address, not on loopback, with the client masqueraded', () => {
    serve(nodePort, both);
    const answers = net.connect('outside', NODE_IP, 30080, 20);
    expect(who(answers)).toEqual(new Set(['a', 'b']));
    expect(answers.every((answer) => !answer.includes('192.168.77.9'))).toBe(true);
    expect(who(net.connect('node', NODE_IP, 30080, 20))).toEqual(new Set(['a', 'b']));
    expect(who(net.connect('b', NODE_IP, 30080, 20))).toEqual(new Set(['a', 'b']));
    expect(net.connect('node', '127.0.0.1', 30080)).toEqual(['ECONNREFUSED']);
  });

  test('externalTrafficPolicy Local keeps the client address and uses local endpoints only', () => {
    serve({ ...nodePort, externalTrafficPolicy: 'Local' }, [{ addresses: [A] }, { addresses: [B], nodeName: 'there' }]);
    expect(new Set(net.connect('outside', NODE_IP, 30080, 10))).toEqual(new Set(['a 192.168.77.9']));
    expect(who(net.connect('b', NODE_IP, 30080, 20))).toEqual(new Set(['a', 'b']));
  });

  test('externalTrafficPolicy Local without local endpoints stays silent', () => {
    serve({ ...nodePort, externalTrafficPolicy: 'Local' }, [{ addresses: [B], nodeName: 'there' }]);
    expect(net.connect('outside', NODE_IP, 30080)).toEqual(['ETIMEDOUT']);
  });

  test('internalTrafficPolicy Local uses local endpoints only', () => {
    serve({ internalTrafficPolicy: 'Local' }, [{ addresses: [A] }, { addresses: [B], nodeName: 'there' }]);
    expect(who(net.connect('b', CLUSTER_IP, 80, 10))).toEqual(new Set(['a']));
  });

  test('a service without endpoints refuses at once, from pods, node and outside', () => {
    serve(nodePort, []);
    for (const from of ['a', 'node', 'outside']) {
      expect([from, ...net.connect(from, CLUSTER_IP, 80)]).toEqual([from, 'ECONNREFUSED']);
      expect([from, ...net.connect(from, NODE_IP, 30080)]).toEqual([from, 'ECONNREFUSED']);
    }
  });

  test('a port that the service has not is refused, an address that no service has is silent; neither leaves the node', () => {
    serve({}, both);
    for (const from of ['a', 'node']) {
      expect([from, ...net.connect(from, CLUSTER_IP, 81)]).toEqual([from, 'ECONNREFUSED']);
      expect([from, ...net.connect(from, '10.97.0.99', 80)]).toEqual([from, 'ETIMEDOUT']);
    }
    // Of the addresses that the node answers itself the rules have nothing to say.
    expect(net.connect('node', '10.97.0.53', 80)).not.toEqual(['ECONNREFUSED']);
  });

  test('endpoints that are not ready get nothing, unless all that is left is terminating and serving', () => {
    const terminating = { addresses: [B], conditions: { ready: false, serving: true, terminating: true } };
    serve({}, [{ addresses: [A] }, terminating]);
    expect(who(net.connect('a', CLUSTER_IP, 80, 10))).toEqual(new Set(['a']));
    serve({}, [{ addresses: [A], conditions: { ready: false, serving: false } }, terminating]);
    expect(who(net.connect('a', CLUSTER_IP, 80, 10))).toEqual(new Set(['b']));
  });

  test('session affinity holds a client to one endpoint, also while other endpoints come', () => {
    serve({ sessionAffinity: 'ClientIP' }, both);
    const first = who(net.connect('outside', CLUSTER_IP, 80, 15));
    expect(first.size).toBe(1);
    serve({ sessionAffinity: 'ClientIP' }, [...both, { addresses: ['10.77.1.4'] }]);
    expect(who(net.connect('outside', CLUSTER_IP, 80, 15))).toEqual(first);
  });

  test('source ranges, also those that overlap, guard a load balancer address', () => {
    const guarded = (...loadBalancerSourceRanges: string[]) =>
      serve({ type: 'LoadBalancer', loadBalancerSourceRanges }, both, [], [{ ip: '203.0.113.8' }]);
    guarded('192.168.77.0/24', '192.168.0.0/16');
    expect(who(net.connect('outside', '203.0.113.8', 80, 20))).toEqual(new Set(['a', 'b']));
    guarded('10.0.0.0/8', 'nonsense');
    expect(net.connect('outside', '203.0.113.8', 80)).toEqual(['ETIMEDOUT']);
  });

  test('all protocols load', () => {
    const ports = ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ name: protocol.toLowerCase(), port: 80, protocol }));
    serve({ ports, sessionAffinity: 'ClientIP' }, both);
    expect(net.run('node', 'nft', 'list', 'table', 'ip', 'zeroplane')).toContain('sctp');
  });

  test('external IPs and load balancer addresses are served where they arrive', () => {
    serve({ externalIPs: ['203.0.113.7'] }, both);
    expect(who(net.connect('outside', '203.0.113.7', 80, 20))).toEqual(new Set(['a', 'b']));
  });

  test('a UDP flow follows when its endpoint goes', () => {
    const ports = [{ port: 80, protocol: 'UDP' }];
    serve({ ports }, [{ addresses: [A] }]);
    expect(net.ask('outside', CLUSTER_IP, 80, 5555)).toMatch(/^a /);
    serve({ ports }, [{ addresses: [B] }]);
    expect(net.ask('outside', CLUSTER_IP, 80, 5555)).toMatch(/^b /);
  });

  test('a host port leads to its pod, from outside and from 127.0.0.1 of the node', () => {
    const ports = [{ containerPort: 8080, hostPort: 8081, protocol: 'TCP' }];
    const onNode = pod({ spec: { containers: [{ name: 'c', image: 'i', ports }] }, status: { podIP: B } });
    serve({}, both, [onNode]);
    expect(net.connect('outside', NODE_IP, 8081)).toEqual(['b 192.168.77.9']);
    expect(who(net.connect('node', '127.0.0.1', 8081))).toEqual(new Set(['b']));
    expect(net.connect('node', '127.0.0.1', 8081, 1, NODE_IP)).toEqual([`b ${NODE_IP}`]);
    expect(who(net.connect('b', NODE_IP, 8081))).toEqual(new Set(['b']));
  });

  test('after everything is gone the table is as it was at first', () => {
    serve({ ports: [] }, []);
    const expected = net.run('node', 'nft', 'list', 'table', 'ip', 'zeroplane');
    net.apply(replaceScript(TABLE, proxyRules([], [], RANGE)));
    expect(net.run('node', 'nft', 'list', 'table', 'ip', 'zeroplane')).toBe(expected);
  });
});
