import { applyJsonPatch } from '../../../lib/api/patch/json.ts';
import { applyMergePatch } from '../../../lib/api/patch/merge.ts';
import { applyStrategicMergePatch } from '../../../lib/api/patch/strategic.ts';
import { schemaOf } from '../../../lib/api/schema.ts';
import type { StatusError } from '../../../lib/api/status.ts';

const pod = schemaOf({ group: '', version: 'v1', kind: 'Pod' });
const deployment = schemaOf({ group: 'apps', version: 'v1', kind: 'Deployment' });

describe('JSON patch', () => {
  const document = { metadata: { labels: { 'a/b': '1' } }, list: [1, 2, 3] };

  test.each<[string, object[], unknown]>([
    ['adds into an object', [{ op: 'add', path: '/x', value: 1 }], { ...document, x: 1 }],
    ['inserts into a list', [{ op: 'add', path: '/list/1', value: 9 }], { ...document, list: [1, 9, 2, 3] }],
    ['appends', [{ op: 'add', path: '/list/-', value: 4 }], { ...document, list: [1, 2, 3, 4] }],
    ['unescapes keys', [{ op: 'remove', path: '/metadata/labels/a~1b' }], { ...document, metadata: { labels: {} } }],
    ['replaces what is not there', [{ op: 'replace', path: '/x', value: 1 }], { ...document, x: 1 }],
    ['moves', [{ op: 'move', from: '/list/0', path: '/x' }], { ...document, list: [2, 3], x: 1 }],
    ['copies', [{ op: 'copy', from: '/list', path: '/x' }], { ...document, x: [1, 2, 3] }],
    ['tests', [{ op: 'test', path: '/list', value: [1, 2, 3] }], document],
    ['tests absence', [{ op: 'test', path: '/none', value: null }], document],
  ])('%s', (_name, operations, expected) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, operations)).toEqual(expected);
    expect(document).toEqual(before);
  });

  test.each([
    [{ op: 'test', path: '/list', value: [1] }],
    [{ op: 'remove', path: '/none' }],
    [{ op: 'add', path: '/none/x', value: 1 }],
    [{ op: 'add', path: '/list/7', value: 1 }],
    [{ op: 'add', path: '', value: 1 }],
    [{ op: 'foo', path: '/x' }],
    [{ path: '/x' }],
  ])('%j is rejected with 422', (operation) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow(
      expect.objectContaining({
        code: 422,
        message: 'the server rejected our request due to an error in our request',
      } satisfies Partial<StatusError>),
    );
  });
});

test('a merge patch merges objects, removes nulls and replaces lists', () => {
  const document = { a: { b: 1, c: 2 }, list: [1, 2] };
  expect(applyMergePatch(document, { a: { b: null, d: { e: null, f: 3 } }, list: [3] })).toEqual({
    a: { c: 2, d: { f: 3 } },
    list: [3],
  });
  expect(document).toEqual({ a: { b: 1, c: 2 }, list: [1, 2] });
});

describe('strategic merge patch', () => {
  const document = {
    metadata: { finalizers: ['x', 'y'] },
    spec: {
      containers: [
        { name: 'a', image: 'one', args: ['1'] },
        { name: 'b', image: 'two', ports: [{ containerPort: 80, protocol: 'TCP' }] },
      ],
      tolerations: [{ key: 't' }],
    },
  };
  const patch = (spec: object, metadata?: object) =>
    applyStrategicMergePatch(document, { spec, ...(metadata ? { metadata } : {}) }, pod) as any;

  test('merges lists by their key, what the patch names first', () => {
    const { containers } = patch({ containers: [{ name: 'b', image: 'three' }, { name: 'c' }] }).spec;
    expect(containers).toEqual([
      { name: 'a', image: 'one', args: ['1'] },
      { name: 'b', image: 'three', ports: [{ containerPort: 80, protocol: 'TCP' }] },
      { name: 'c' },
    ]);
  });

  test('replaces lists without a merge strategy', () => {
    expect(patch({ containers: [{ name: 'a', args: ['2'] }] }).spec.containers[0].args).toEqual(['2']);
    expect(patch({ tolerations: [{ key: 'u' }] }).spec.tolerations).toEqual([{ key: 'u' }]);
  });

  test('$patch: delete removes an item, $patch: replace takes the rest alone', () => {
    expect(patch({ containers: [{ name: 'a', $patch: 'delete' }] }).spec.containers).toHaveLength(1);
    expect(patch({ containers: [{ $patch: 'replace' }, { name: 'z' }] }).spec.containers).toEqual([{ name: 'z' }]);
    expect(patch({ $patch: 'replace', nodeName: 'n' }).spec).toEqual({ nodeName: 'n' });
    expect(() => patch({ $patch: 'foo' })).toThrow('unknown patch type: foo in map: map[$patch:foo]');
  });

  test('sets of scalars are merged, and items taken out by $deleteFromPrimitiveList', () => {
    expect(patch({}, { finalizers: ['z', 'x'] }).metadata.finalizers).toEqual(['z', 'x', 'y']);
    expect(patch({}, { '$deleteFromPrimitiveList/finalizers': ['x'] }).metadata.finalizers).toEqual(['y']);
  });

  test('$setElementOrder orders the list', () => {
    const order = [{ name: 'b' }, { name: 'a' }];
    const { containers } = patch({
      '$setElementOrder/containers': order,
      containers: [{ name: 'a', image: 'x' }],
    }).spec;
    expect(containers.map((c: any) => [c.name, c.image])).toEqual([
      ['b', 'two'],
      ['a', 'x'],
    ]);
  });

  test('$retainKeys drops the members that are not named', () => {
    const live = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const change = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    expect(applyStrategicMergePatch(live, change, deployment)).toEqual({ spec: { strategy: { type: 'Recreate' } } });
  });

  test('null removes, and means nothing where there is nothing', () => {
    expect(patch({ tolerations: null, nodeSelector: { a: null, b: '1' } }).spec).toEqual({
      containers: document.spec.containers,
      nodeSelector: { b: '1' },
    });
  });
});
