import {
  isPlainKey,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../../../functions/apiserver/kinds/metadata.ts';
import { qualifiedName } from '../../../lib/api/names.ts';

const OPTIONS = { namespaced: true };
const META = { name: 'a', namespace: 'default' };

const faults = (meta: object, options = OPTIONS) =>
  validateObjectMeta({ ...META, ...meta }, options).map(({ field, message }) => `${field}: ${message}`);

test.each([
  [{ name: '' }, 'metadata.name: Required value: name or generateName is required'],
  [{ namespace: '' }, 'metadata.namespace: Required value'],
  [{ generation: -1 }, 'metadata.generation: Invalid value: -1: must be greater than or equal to 0'],
  [
    { finalizers: ['x'] },
    'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
  ],
  [
    { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }] },
    'metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: /v1, Kind=Event is disallowed from being an owner',
  ],
  [{ managedFields: [{}] }, 'metadata.managedFields[0].operation: Required value: must not be empty'],
])('%j is refused', (meta, fault) => {
  expect(faults(meta)).toContain(fault);
});

test('a cluster-scoped object has no namespace', () => {
  expect(faults({}, { namespaced: false })).toEqual(['metadata.namespace: Forbidden: not allowed on this type']);
});

test('annotations are bounded together', () => {
  expect(faults({ annotations: { a: 'x'.repeat(256 * 1024) } })).toEqual([
    'metadata.annotations: Too long: may not be more than 262144 bytes',
  ]);
});

test('custom resources may carry finalizers of any qualified name', () => {
  expect(validateObjectMeta({ ...META, finalizers: ['x'] }, { ...OPTIONS, standardFinalizers: false })).toEqual([]);
});

test.each([
  'a',
  'a.b/c',
  'A_b.c-d',
  'example.com/My.Name',
  `${'a'.repeat(63)}`,
  'a/b/c',
  '/a',
  'a/',
  'A.b/c',
  '-a',
  'a b',
  `${'a'.repeat(64)}`,
  '',
])('the short test of the key %j agrees with the whole one', (key) => {
  expect(isPlainKey(key)).toBe(qualifiedName(key).length === 0);
});

describe('an update', () => {
  const stored = { ...META, uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  const update = (meta: object, old: object = {}) =>
    validateObjectMetaUpdate({ ...stored, ...meta }, { ...stored, ...old }, OPTIONS).map((cause) => cause.field);

  test.each([
    [{ name: 'b' }, {}, ['metadata.name']],
    [{ uid: 'v' }, {}, ['metadata.uid']],
    [{ resourceVersion: '' }, {}, ['metadata.resourceVersion']],
    [{ generation: 1 }, { generation: 2 }, ['metadata.generation']],
    [{ labels: { a: 'b' } }, {}, []],
  ])('to %j from %j', (meta, old, fields) => {
    expect(update(meta, old)).toEqual(fields);
  });

  test('adds no finalizer to an object that is going', () => {
    const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(update({ ...going, finalizers: ['a/b'] }, going)).toEqual(['metadata.finalizers']);
  });
});
