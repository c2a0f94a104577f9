import { decodeProtobuf, encodeListItem, encodeProtobuf, joinEncodedList } from '../../../lib/api/protobuf.ts';
import { validateSchema } from '../../../lib/api/schema.ts';

const objects: any[] = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: { b: '2', a: '1' }, creationTimestamp: '2026-11-23T01:02:03Z', generation: 3 },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'i',
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '1500m', memory: '64Mi' } },
          livenessProbe: { httpGet: { port: 'http', path: '/' }, timeoutSeconds: 1 },
          readinessProbe: { tcpSocket: { port: 8080 } },
        },
      ],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'w', secret: { secretName: 's' } },
      ],
      priority: -1000,
      terminationGracePeriodSeconds: 0,
    },
    status: {},
  },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'AAEC/w==' } },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l' },
    spec: { renewTime: '2026-11-23T01:02:03.000456Z', leaseTransitions: 0 },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'r', managedFields: [{ manager: 'm', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } }] },
    data: { spec: { x: ['ü'] } },
    revision: 2 ** 40,
  },
  { apiVersion: 'v1', kind: 'ConfigMapList', metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'c' } }] },
  { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', message: 'no', reason: 'NotFound', code: 404 },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'foos.x' },
    spec: {
      group: 'x',
      names: { kind: 'Foo', plural: 'foos' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              additionalProperties: true,
              default: { a: [1] },
              'x-kubernetes-preserve-unknown-fields': true,
              properties: { a: { $ref: '#/x', items: { type: 'string' } } },
            },
          },
        },
      ],
    },
  },
];

test.each(objects.map((object) => [object.kind, object]))('%s survives the wire', (_kind, object) => {
  const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const written = validateSchema(object, { group, version, kind: object.kind }, { fieldValidation: 'Strict' }).object;
  const bytes = encodeProtobuf(written);
  expect(JSON.parse(JSON.stringify(decodeProtobuf(bytes)))).toEqual(JSON.parse(JSON.stringify(written)));
});

test('the bytes of a ConfigMap are those that client-go writes', () => {
  const bytes = encodeProtobuf({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: { a: 'b' },
  } as any);
  const meta = '0a01631200' + '1a0022002a003200' + '3800' + '4200';
  const map = '1206' + '0a0161' + '120162';
  const raw = `0a${(meta.length / 2).toString(16).padStart(2, '0')}${meta}${map}`;
  const type = `0a0f0a0276311209${Buffer.from('ConfigMap').toString('hex')}`;
  const expected = `6b387300${type}12${(raw.length / 2).toString(16).padStart(2, '0')}${raw}1a002200`;
  expect(Buffer.from(bytes).toString('hex')).toBe(expected);
});

test('what is no envelope, or of no known kind, is refused', () => {
  expect(() => decodeProtobuf(Buffer.from('{}'))).toThrow('expected prefix [107 56 115 0]');
  const unknown = Buffer.from(`6b3873000a0a0a0276311204${Buffer.from('Nope').toString('hex')}`, 'hex');
  expect(() => decodeProtobuf(unknown)).toThrow('no kind "Nope" is registered for version "v1"');
});

test('a list joined of encoded items has the bytes of the list encoded as a whole', () => {
  const gvk = { group: '', version: 'v1', kind: 'ConfigMap' };
  const items = ['a', 'b'].map((name) => ({ metadata: { name }, data: { x: 'y' } }));
  const whole = encodeProtobuf({
    apiVersion: 'v1',
    kind: 'ConfigMapList',
    metadata: { resourceVersion: '7' },
    items,
  } as any);
  const encoded = items.map((item) => encodeListItem(item, gvk));
  const joined = joinEncodedList({ ...gvk, kind: 'ConfigMapList' }, { resourceVersion: '7' }, encoded);
  expect(Buffer.from(joined).equals(whole)).toBe(true);
});
