import { parsePath } from '../../../lib/api/jsonpath.ts';

const object = {
  metadata: { annotations: { 'a.b/c': 'x' } },
  spec: {
    replicas: 0,
    ports: [
      { name: 'a', port: 1 },
      { name: 'b', port: 2 },
    ],
  },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};

test.each<[string, unknown[]]>([
  ['.spec.replicas', [0]],
  ['{.spec.replicas}', [0]],
  ['$.spec.replicas', [0]],
  ['.spec.none.deeper', []],
  ['.metadata.annotations.a\\.b/c', ['x']],
  [".metadata.annotations['a.b/c']", ['x']],
  ['.spec.ports[1].port', [2]],
  ['.spec.ports[-1].name', ['b']],
  ['.spec.ports[*].port', [1, 2]],
  ['.spec.ports[?(@.name=="b")].port', [2]],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ['.spec.ports[?(@.name!="b")].port', [1]],
])('%s', (path, found) => {
  expect(parsePath(path)(object)).toEqual(found);
});

test('what is no path is refused', () => {
  expect(() => parsePath('spec')).toThrow(SyntaxError);
  expect(() => parsePath('.a[')).toThrow(SyntaxError);
});
