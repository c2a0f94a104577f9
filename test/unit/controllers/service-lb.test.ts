import { CLASS, parseAddresses, planAddress } from '../../../functions/controllers/service-lb/plan-address.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { Service, ServiceSpec } from '../../../lib/api/types.ts';
import { stored } from '../../builders/objects.ts';

const RANGE = parseAddresses('192.168.80.128-192.168.80.130');
const nothing = new Map<string, string>();

function service(name: string, ips: string[] = [], spec: Partial<ServiceSpec> = {}, created = '2026-01-01T00:00:00Z') {
  return {
    metadata: stored(name, 'default', undefined, { creationTimestamp: created }),
    spec: { type: 'LoadBalancer', ...spec },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
  } as Stored<Service>;
}

function plan(one: Stored<Service>, others: Stored<Service>[] = [], promised: Map<string, string> = nothing) {
  return planAddress(one, [one, ...others], RANGE, promised);
}

test('a service gets the first address that no other has, or has been promised', () => {
  const [a, b] = [service('a'), service('b', ['192.168.80.128'])];
  expect(plan(a)).toEqual({ assign: '192.168.80.128' });
  expect(plan(a, [b])).toEqual({ assign: '192.168.80.129' });
  const c = service('c');
  expect(plan(a, [b, c], new Map([['uid-c', '192.168.80.129']]))).toEqual({ assign: '192.168.80.130' });
});

test('a promise to a service that is gone counts for nothing', () => {
  expect(plan(service('a'), [], new Map([['uid-gone', '192.168.80.128']]))).toEqual({ assign: '192.168.80.128' });
});

test('what it has it keeps; of two with the same address the elder does', () => {
  const a = service('a', ['192.168.80.128']);
  expect(plan(a)).toBeUndefined();
  const elder = service('z', ['192.168.80.128'], {}, '2025-01-01T00:00:00Z');
  expect(plan(a, [elder])).toEqual({ assign: '192.168.80.129' });
  expect(plan(elder, [a])).toBeUndefined();
});

test('loadBalancerIP is given when it is free, also to a service that has another', () => {
  const loadBalancerIP = '192.168.80.130';
  expect(plan(service('a', [], { loadBalancerIP }))).toEqual({ assign: loadBalancerIP });
  expect(plan(service('a', ['192.168.80.128'], { loadBalancerIP }))).toEqual({ assign: loadBalancerIP });
  expect(plan(service('a', [], { loadBalancerIP: '203.0.113.1' }))).toEqual({ assign: '192.168.80.128' });
});

test('a class of others, and an address that others wrote, are left alone', () => {
  expect(plan(service('a', [], { loadBalancerClass: 'example.com/lb' }))).toBeUndefined();
  expect(plan(service('a', ['203.0.113.1']))).toBeUndefined();
  expect(plan(service('a', [], { loadBalancerClass: CLASS }))).toEqual({ assign: '192.168.80.128' });
});

test('a service that is no load balancer any more gives its address back', () => {
  expect(plan(service('a', ['192.168.80.128'], { type: 'ClusterIP' }))).toEqual({ free: true });
  expect(plan(service('a', [], { type: 'ClusterIP' }))).toBeUndefined();
});

test('when every address is given it says so', () => {
  const all = ['128', '129', '130'].map((n) => service(`s${n}`, [`192.168.80.${n}`]));
  expect(plan(service('late'), all)).toEqual({ exhausted: true });
});
