import { planSlices } from '../../../functions/controllers/endpoints/plan-slices.ts';
import { podEndpoints } from '../../../functions/controllers/endpoints/pod-endpoint.ts';
import {
  cpuShares,
  planTopologyHints,
  wantsTopologyHints,
} from '../../../functions/controllers/endpoints/topology-hints.ts';
import type { Node, Service } from '../../../lib/api/types.ts';
import { node, pod, stored } from '../../builders/objects.ts';

function zoned(zone: string | undefined, cpu: string, ready = true, labels: Record<string, string> = {}): Node {
  const one = node({
    labels: { ...labels, ...(zone && { 'topology.kubernetes.io/zone': zone }) },
    allocatable: { cpu },
  });
  return { ...one, status: { ...one.status, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } };
}

const shares = (given: Record<string, number>) => new Map(Object.entries(given));
const located = (zones: string[]) => zones.map((zone, i) => ({ key: `p${i}`, zone }));
/** How many endpoints each zone is served by. */
function counts(zones: string[], given: Record<string, number>): Record<string, number> | undefined {
  const hints = planTopologyHints(located(zones), shares(given));
  if (!hints) return undefined;
  const counted: Record<string, number> = {};
  for (const zone of hints.values()) counted[zone] = (counted[zone] ?? 0) + 1;
  return counted;
}

describe('the shares of zones', () => {
  const control = { 'node-role.kubernetes.io/control-plane': '' };
  test.each<[string, Node[], Record<string, number> | undefined]>([
    ['are of the CPU of ready nodes', [zoned('a', '3'), zoned('b', '1'), zoned('b', '9', false)], { a: 0.75, b: 0.25 }],
    [
      'do without control planes',
      [zoned('a', '1'), zoned('b', '1'), zoned(undefined, '8', true, control)],
      { a: 0.5, b: 0.5 },
    ],
    ['are not there when a node has no zone', [zoned('a', '1'), zoned('b', '1'), zoned(undefined, '1')], undefined],
    ['are not there when there is one zone', [zoned('a', '1'), zoned('a', '1')], undefined],
  ])('%s', (_what, nodes, expected) => {
    expect(cpuShares(nodes)).toEqual(expected && shares(expected));
  });
});

describe('topology hints', () => {
  test('keep endpoints in their zone', () => {
    const hints = planTopologyHints(located(['a', 'b', 'a', 'b']), shares({ a: 0.5, b: 0.5 }));
    expect(Object.fromEntries(hints!)).toEqual({ p0: 'a', p1: 'b', p2: 'a', p3: 'b' });
  });

  test.each<[string, string[], Record<string, number>, Record<string, number> | undefined]>([
    ['give a zone without endpoints some of another', ['a', 'a', 'a', 'a'], { a: 0.5, b: 0.5 }, { a: 2, b: 2 }],
    ['follow the zones’ CPU', ['a', 'a', 'a', 'b', 'b', 'b', 'b', 'b'], { a: 0.75, b: 0.25 }, { a: 5, b: 3 }],
    [
      'leave what is within the threshold as it is',
      ['a', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'b', 'b'],
      { a: 0.5, b: 0.5 },
      { a: 5, b: 6 },
    ],
    ['need an endpoint for each zone', ['a', 'b'], { a: 0.4, b: 0.3, c: 0.3 }, undefined],
    ['are not given when a zone would be overloaded', ['a', 'b', 'a'], { a: 0.5, b: 0.5 }, undefined],
    ['serve zones for those that no node is ready in', ['c', 'c', 'a', 'b'], { a: 0.5, b: 0.5 }, { a: 2, b: 2 }],
  ])('%s', (_what, zones, given, expected) => {
    expect(counts(zones, given)).toEqual(expected);
  });

  test('need the zone of every endpoint', () => {
    const unknown = [...located(['a', 'b']), { key: 'x', zone: undefined }];
    expect(planTopologyHints(unknown, shares({ a: 0.5, b: 0.5 }))).toBeUndefined();
  });

  function web(annotations: Record<string, string> = {}) {
    const spec: Service['spec'] = {
      selector: { app: 'a' },
      ports: [{ port: 80 }],
      trafficDistribution: 'PreferSameZone',
    };
    return { metadata: stored('web', 'default', {}, { annotations }), spec };
  }

  test('are asked for by the annotation, of either name', () => {
    expect(wantsTopologyHints(web())).toBe(false);
    expect(wantsTopologyHints(web({ 'service.kubernetes.io/topology-mode': 'Auto' }))).toBe(true);
    expect(wantsTopologyHints(web({ 'service.kubernetes.io/topology-aware-hints': 'auto' }))).toBe(true);
    expect(wantsTopologyHints(web({ 'service.kubernetes.io/topology-mode': 'Disabled' }))).toBe(false);
  });

  test('come before trafficDistribution in the slices', () => {
    const pods = ['1', '2'].map((number) => {
      const status = { phase: 'Running', podIP: `10.0.0.${number}`, podIPs: [{ ip: `10.0.0.${number}` }] };
      const conditions = [{ type: 'Ready', status: 'True' }];
      return pod({ name: `p${number}`, nodeName: 'n1', status: { ...status, conditions } });
    });
    const target = web({ 'service.kubernetes.io/topology-mode': 'Auto' });
    const plan = (given: Record<string, number>) =>
      planSlices(
        target,
        podEndpoints(target, pods),
        [],
        () => 'a',
        () => shares(given),
      ).create[0]!.endpoints!;
    const zones = plan({ a: 0.5, b: 0.5 }).map(({ hints }) => hints?.forZones?.map(({ name }) => name));
    expect(zones.flat().sort()).toEqual(['a', 'b']);
    expect(plan({ a: 0.9, b: 0.05, c: 0.05 }).map(({ hints }) => hints)).toEqual([undefined, undefined]);
  });
});
