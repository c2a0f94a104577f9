import { planSlices } from '../../../functions/controllers/endpoints/plan-slices.ts';
import { planSubsets } from '../../../functions/controllers/endpoints/plan-subsets.ts';
import { podEndpoints } from '../../../functions/controllers/endpoints/pod-endpoint.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { EndpointSlice, Service } from '../../../lib/api/types.ts';
import { type PodOptions, pod, stored } from '../../builders/objects.ts';

function service(spec: Partial<NonNullable<Service['spec']>> = {}): Stored<Service> {
  return {
    metadata: stored('web', 'default', { team: 'x' }),
    spec: { selector: { app: 'a' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }], ...spec },
  };
}

function endpoint(number: number, options: PodOptions & { ready?: boolean; port?: number } = {}) {
  const ip = `10.0.${number >> 8}.${number & 255}`;
  const conditions = [{ type: 'Ready', status: options.ready === false ? 'False' : 'True' }];
  return pod({
    name: `p${number}`,
    nodeName: 'n1',
    ...options,
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions, ...options.status },
    spec: {
      containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: options.port ?? 8080 }] }],
      ...options.spec,
    },
  });
}

const plan = (target: Stored<Service>, pods: ReturnType<typeof endpoint>[], existing: Stored<EndpointSlice>[] = []) =>
  planSlices(target, podEndpoints(target, pods), existing, () => 'zone-1');
const asSlice = (created: object, name: string): Stored<EndpointSlice> => ({
  ...(created as EndpointSlice),
  metadata: stored(name, 'default', {
    team: 'x',
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  }),
});

describe('EndpointSlices', () => {
  test('a pod becomes an endpoint with its port resolved by name', () => {
    expect(plan(service(), [endpoint(1)]).create).toEqual([
      {
        addressType: 'IPv4',
        ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
        endpoints: [
          {
            addresses: ['10.0.0.1'],
            conditions: { ready: true, serving: true, terminating: false },
            targetRef: { kind: 'Pod', namespace: 'default', name: 'p1', uid: 'uid-p1' },
            nodeName: 'n1',
            zone: 'zone-1',
          },
        ],
      },
    ]);
  });

  test.each([
    ['PreferSameZone', { forZones: [{ name: 'zone-1' }] }],
    ['PreferClose', { forZones: [{ name: 'zone-1' }] }],
    ['PreferSameNode', { forNodes: [{ name: 'n1' }], forZones: [{ name: 'zone-1' }] }],
    [undefined, undefined],
  ])('trafficDistribution %s hints %j', (trafficDistribution, hints) => {
    const [slice] = plan(service({ ...(trafficDistribution && { trafficDistribution }) }), [endpoint(1)]).create;
    expect(slice?.endpoints?.[0]?.hints).toEqual(hints);
  });

  test.each<[string, Parameters<typeof endpoint>[1], object, object | undefined]>([
    ['not ready', { ready: false }, {}, { ready: false, serving: false, terminating: false }],
    [
      'not ready but published',
      { ready: false },
      { publishNotReadyAddresses: true },
      { ready: true, serving: false, terminating: false },
    ],
    [
      'terminating',
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      {},
      { ready: false, serving: true, terminating: true },
    ],
    ['finished', { status: { phase: 'Succeeded' } }, {}, undefined],
    ['without an address', { status: { podIP: '', podIPs: [] } }, {}, undefined],
  ])('a pod that is %s', (_name, options, spec, conditions) => {
    const [slice] = plan(service(spec), [endpoint(1, options)]).create;
    expect(slice?.endpoints?.[0]?.conditions).toEqual(conditions);
  });

  test('a host name is given only under its subdomain', () => {
    const spec = { hostname: 'a', subdomain: 'web' };
    expect(plan(service(), [endpoint(1, { spec })]).create[0]?.endpoints?.[0]?.hostname).toBe('a');
    expect(
      plan(service(), [endpoint(1, { spec: { ...spec, subdomain: 'b' } })]).create[0]?.endpoints?.[0]?.hostname,
    ).toBeUndefined();
  });

  test('a hundred endpoints a slice', () => {
    const { create } = plan(
      service(),
      Array.from({ length: 250 }, (_, i) => endpoint(i)),
    );
    expect(create.map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 50]);
  });

  test('pods with other ports have a slice of their own', () => {
    const { create } = plan(service(), [endpoint(1), endpoint(2, { port: 9090 })]);
    expect(create.map(({ ports }) => ports?.[0]?.port)).toEqual([8080, 9090]);
  });

  test('without endpoints there is one empty slice', () => {
    expect(plan(service(), []).create).toEqual([{ addressType: 'IPv4', ports: [], endpoints: [] }]);
  });

  test('nothing changed, nothing written', () => {
    const pods = [endpoint(1), endpoint(2)];
    const existing = plan(service(), pods).create.map((slice, i) => asSlice(slice, `s${i}`));
    expect(plan(service(), pods, existing)).toEqual({ create: [], update: [], remove: [] });
  });

  test('a new endpoint fills the slice that has room; others stay where they are', () => {
    const pods = Array.from({ length: 150 }, (_, i) => endpoint(i));
    const existing = plan(service(), pods).create.map((slice, i) => asSlice(slice, `s${i}`));
    const { create, update, remove } = plan(service(), [...pods, endpoint(200)], existing);
    expect([create, remove]).toEqual([[], []]);
    expect(update.map(({ metadata, endpoints }) => [metadata.name, endpoints?.length])).toEqual([['s1', 51]]);
  });

  test('a slice whose pods are gone is removed', () => {
    const pods = Array.from({ length: 150 }, (_, i) => endpoint(i));
    const existing = plan(service(), pods).create.map((slice, i) => asSlice(slice, `s${i}`));
    const { remove } = plan(service(), pods.slice(0, 100), existing);
    expect(remove.map(({ metadata }) => metadata.name)).toEqual(['s1']);
  });

  test('a headless service says so', () => {
    const [created] = plan(service(), [endpoint(1)]).create;
    const { update } = plan(service({ clusterIP: 'None' }), [endpoint(1)], [asSlice(created!, 's')]);
    expect(update[0]?.metadata.labels?.['service.kubernetes.io/headless']).toBe('');
  });
});

describe('Endpoints', () => {
  const subsets = (target: Stored<Service>, pods: ReturnType<typeof endpoint>[]) =>
    planSubsets(target, podEndpoints(target, pods)).subsets;

  test('ready and unready addresses share a subset', () => {
    const [subset] = subsets(service(), [endpoint(2), endpoint(1), endpoint(3, { ready: false })]);
    expect(subset?.addresses?.map(({ ip }) => ip)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(subset?.notReadyAddresses?.map(({ ip }) => ip)).toEqual(['10.0.0.3']);
    expect(subset?.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8080 }]);
  });

  test('terminating pods are left out', () => {
    expect(subsets(service(), [endpoint(1, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })])).toEqual([]);
  });

  test('more than a thousand are cut off, and it is said', () => {
    const pods = Array.from({ length: 1001 }, (_, i) => endpoint(i));
    expect(planSubsets(service(), podEndpoints(service(), pods)).truncated).toBe(true);
  });
});
