import type { Stored } from '../../../lib/api/object.ts';
import type { EndpointSlice, Node, Service, ServiceSpec } from '../../../lib/api/types.ts';
import { planRoutes, routeLines } from '../../../lib/cluster/machine/routes.ts';
import { node, stored } from '../../builders/objects.ts';

const INGRESS = '192.168.80.2';
const LB = '192.168.80.128';

function readyNode(name: string, ip: string, ready = true, labels = {}): Stored<Node> {
  const status = {
    addresses: [{ type: 'InternalIP', address: ip }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  };
  return { ...node({ name, labels }), status } as Stored<Node>;
}

const one = readyNode('one', '192.168.80.11');
const two = readyNode('two', '192.168.80.12');

function balancer(spec: Partial<ServiceSpec> = {}, ip = LB): Stored<Service> {
  return {
    metadata: stored('web', 'default'),
    spec: { type: 'LoadBalancer', ...spec },
    status: { loadBalancer: { ingress: [{ ip }] } },
  } as Stored<Service>;
}

function routes(services: Stored<Service>[], nodes: Stored<Node>[], slices: EndpointSlice[] = [], present = {}) {
  return planRoutes({
    services,
    nodes,
    slicesOf: () => slices,
    present: new Map(Object.entries(present)),
    ingressIP: INGRESS,
    isOurs: (ip) => ip.startsWith('192.168.80.'),
  });
}

test('load balancers and ingress are reached over a node that is Ready', () => {
  const unready = readyNode('two', '192.168.80.12', false);
  expect([...routes([balancer()], [one, unready])]).toEqual([
    [INGRESS, '192.168.80.11'],
    [LB, '192.168.80.11'],
  ]);
  expect(routes([balancer()], [unready]).size).toBe(0);
});

test('a way that still leads somewhere stays, one over a node that is gone does not', () => {
  const present = { [LB]: '192.168.80.12' };
  expect(routes([balancer()], [one, two], [], present).get(LB)).toBe('192.168.80.12');
  expect(routes([balancer()], [one], [], present).get(LB)).toBe('192.168.80.11');
});

test('with externalTrafficPolicy Local only nodes with endpoints come into question', () => {
  const local = balancer({ externalTrafficPolicy: 'Local' });
  const on = (nodeName: string, ready = true): EndpointSlice => ({
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.1.2'], nodeName, conditions: { ready, serving: true, terminating: !ready } }],
  });
  expect(routes([local], [one, two], [on('two')]).get(LB)).toBe('192.168.80.12');
  expect(routes([local], [one, two], [on('one', false)]).get(LB)).toBe('192.168.80.11');
  expect(routes([local], [one, two]).has(LB)).toBe(false);
});

test('a node that asks for no load balancers’ traffic gets none', () => {
  const shy = readyNode('one', '192.168.80.11', true, {
    'node.kubernetes.io/exclude-from-external-load-balancers': '',
  });
  expect(routes([balancer()], [shy, two]).get(LB)).toBe('192.168.80.12');
});

test('addresses that are not the machine’s, and services that are no load balancers, have no route', () => {
  expect(routes([balancer({}, '203.0.113.1'), balancer({ type: 'ClusterIP' })], [one]).size).toBe(1);
});

test('only the difference is written', () => {
  const present = new Map([
    ['192.168.80.2', '192.168.80.11'],
    ['192.168.80.128', '192.168.80.11'],
    ['192.168.80.129', '192.168.80.11'],
  ]);
  const wanted = new Map([
    ['192.168.80.2', '192.168.80.11'],
    ['192.168.80.129', '192.168.80.12'],
  ]);
  expect(routeLines(present, wanted, 'br')).toEqual([
    'route delete 192.168.80.128/32 dev br proto 207',
    'route replace 192.168.80.129/32 via 192.168.80.12 dev br proto 207',
  ]);
});
