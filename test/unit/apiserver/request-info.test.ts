import { requestInfo, targetOf } from '../../../functions/apiserver/request-info.ts';

const cases: [method: string, url: string, expected: object][] = [
  ['GET', '/version', { isResource: false, verb: 'get', path: '/version' }],
  ['POST', '/api/v1', { isResource: false, verb: 'post' }],
  ['GET', '/apis/apps/v1', { isResource: false }],
  ['GET', '/api/v1/pods', { verb: 'list', group: '', version: 'v1', resource: 'pods', namespace: '', name: '' }],
  ['GET', '/api/v1/pods?watch=true', { verb: 'watch' }],
  ['GET', '/api/v1/pods?watch=0', { verb: 'list' }],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dx', { verb: 'list', name: 'x' }],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name!%3Dx', { verb: 'list', name: '' }],
  ['GET', '/api/v1/namespaces/ns/pods/p', { verb: 'get', resource: 'pods', namespace: 'ns', name: 'p' }],
  ['GET', '/api/v1/namespaces/ns/pods/p/log', { verb: 'get', subresource: 'log', rest: '' }],
  ['GET', '/api/v1/namespaces/ns/pods/p/proxy/a/b/', { subresource: 'proxy', rest: 'a/b/' }],
  [
    'PUT',
    '/api/v1/namespaces/ns/finalize',
    { resource: 'namespaces', name: 'ns', subresource: 'finalize', namespace: 'ns' },
  ],
  ['GET', '/api/v1/namespaces/ns', { resource: 'namespaces', name: 'ns', namespace: 'ns', verb: 'get' }],
  ['DELETE', '/api/v1/namespaces/ns/pods', { verb: 'deletecollection', namespace: 'ns' }],
  ['POST', '/apis/apps/v1/namespaces/ns/deployments', { verb: 'create', group: 'apps', resource: 'deployments' }],
  ['GET', '/api/v1/watch/namespaces/ns/pods/p', { verb: 'watch', resource: 'pods', namespace: 'ns', name: 'p' }],
  ['PATCH', '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode', { verb: 'patch', name: 'system:node' }],
];

describe('what a URL and a method ask for', () => {
  test.each(cases)('%s %s', (method, url, expected) => {
    expect(requestInfo(method, targetOf(`https://10.0.0.1:6443${url}`))).toMatchObject(expected);
  });

  test('a path may come without its origin', () => {
    const { path, query } = targetOf('/api/v1/pods?limit=5');
    expect([path, query.get('limit')]).toEqual(['/api/v1/pods', '5']);
  });
});
