import { service } from '../../../functions/apiserver/kinds/core/service.ts';

const CONTEXT = { now: '', uuid: () => '', user: { username: 'admin', groups: [] } };

function stored(spec: object): any {
  const object = {
    metadata: { name: 'a', namespace: 'default' },
    spec: {
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80 }],
      ...spec,
    },
  };
  service.defaults!(object);
  service.prepareForCreate!(object, CONTEXT);
  return object;
}

function updated(old: any, spec: object): any {
  const object = { ...structuredClone(old), spec: { ...structuredClone(old.spec), ...spec } };
  service.defaults!(object);
  service.prepareForUpdate!(object, old, CONTEXT);
  return object;
}

test('an update that leaves the address out keeps it', () => {
  const old = stored({});
  const { spec } = updated(old, { clusterIP: undefined, clusterIPs: undefined });
  expect(spec).toMatchObject({ clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] });
});

test('an update that leaves a node port out keeps it', () => {
  const old = stored({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] });
  expect(updated(old, { ports: [{ port: 80 }] }).spec.ports[0].nodePort).toBe(30080);
});

test('a Service that stops being a NodePort gives its ports back', () => {
  const old = stored({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] });
  const { spec } = updated(old, { type: 'ClusterIP' });
  expect(spec.ports[0].nodePort).toBeUndefined();
  expect(spec.externalTrafficPolicy).toBeUndefined();
});

test('a Service that becomes an ExternalName gives its address back', () => {
  const { spec } = updated(stored({}), { type: 'ExternalName', externalName: 'example.com' });
  expect([spec.clusterIP, spec.clusterIPs, spec.ipFamilies]).toEqual([undefined, undefined, undefined]);
});

test('the first address stays for life', () => {
  const old = stored({});
  const object = updated(old, { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'] });
  expect(service.validateUpdate!(object, old).map(({ message }) => message)).toContain(
    'Invalid value: ["10.96.0.10"]: may not change once set',
  );
});
