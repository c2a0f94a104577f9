import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

/** Status and message as a running kube-apiserver 1.37 gave them for the same request. */
const MERGE = { 'content-type': 'application/merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, meta = {}) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, ...meta },
  data: { a: 'b' },
});

type Case = [what: string, request: [string, string, unknown?, Record<string, string>?], code: number, message: string];

const cases: Case[] = [
  ['a name that is taken', ['POST', maps, configMap('one')], 409, 'configmaps "one" already exists'],
  [
    'another namespace than the path has',
    ['POST', maps, configMap('x', { namespace: 'other' })],
    400,
    'the namespace of the provided object does not match the namespace sent on the request',
  ],
  [
    'no name',
    ['POST', maps, { data: {} }],
    422,
    'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  ],
  [
    'a kind nobody knows',
    ['POST', maps, { kind: 'Foo', apiVersion: 'foo/v1' }],
    400,
    'Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "foo/v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    'half an object',
    ['POST', maps, '{"metadata":{"name":"x"}'],
    400,
    `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"metadata":{"name":"x"})`,
  ],
  [
    'a word',
    ['POST', maps, 'hello'],
    400,
    `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f)`,
  ],
  [
    'nothing',
    ['POST', maps, ''],
    400,
    `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  ],
  [
    'a field validation that is none',
    ['POST', `${maps}?fieldValidation=Foo`, configMap('x')],
    422,
    'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"',
  ],
  [
    'an unknown field, strictly',
    ['POST', `${maps}?fieldValidation=Strict`, { ...configMap('x'), spec: 1 }],
    400,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "spec"',
  ],
  [
    'a key given twice, strictly',
    ['POST', `${maps}?fieldValidation=Strict`, '{"metadata":{"name":"x"},"data":{"a":"b","a":"c"}}'],
    400,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"',
  ],
  [
    'a resourceVersion on a create',
    ['POST', maps, configMap('x', { resourceVersion: '5' })],
    500,
    'resourceVersion should not be set on objects to be created',
  ],
  [
    'a body in an unknown format',
    ['POST', maps, configMap('x'), { 'content-type': 'text/plain' }],
    415,
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  ],
  ['what is not there', ['GET', `${maps}/none`], 404, 'configmaps "none" not found'],
  [
    'an answer in an unknown format',
    ['GET', `${maps}/one`, undefined, { accept: 'application/foo' }],
    406,
    '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  ],
  [
    'a list of one object',
    ['GET', `${maps}/one`, undefined, { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }],
    406,
    'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
  ],
  [
    'a selector of a field that the kind does not have',
    ['GET', `${maps}?fieldSelector=foo%3Dbar`],
    400,
    '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
  [
    'a resourceVersion that is no number',
    ['GET', `${maps}?resourceVersion=abc`],
    400,
    'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
  ],
  [
    'a match without a resourceVersion',
    ['GET', `${maps}?resourceVersionMatch=Exact`],
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  ],
  [
    'initial events of a list',
    ['GET', `${maps}?sendInitialEvents=true`],
    422,
    'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
  ],
  [
    'another name than the path has',
    ['PUT', `${maps}/one`, configMap('two')],
    400,
    'the name of the object (two) does not match the name on the URL (one)',
  ],
  [
    'an update of what has moved',
    ['PUT', `${maps}/one`, configMap('one', { resourceVersion: '999' })],
    409,
    'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
  ],
  [
    'an update of what was replaced',
    ['PUT', `${maps}/one`, configMap('one', { uid: 'x' })],
    409,
    expect.stringContaining('Precondition failed: UID in precondition: x, UID in object meta: ') as unknown as string,
  ],
  [
    'a patch of the uid',
    ['PATCH', `${maps}/one`, { metadata: { uid: 'x' } }, MERGE],
    422,
    'ConfigMap "one" is invalid: metadata.uid: Invalid value: "x": field is immutable',
  ],
  ['a patch that is no JSON', ['PATCH', `${maps}/one`, '{', MERGE], 400, 'invalid JSON patch'],
  [
    'a JSON patch that is no list',
    ['PATCH', `${maps}/one`, {}, JSON_PATCH],
    400,
    'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
  ],
  [
    'a patch of no known type',
    ['PATCH', `${maps}/one`, {}, { 'content-type': 'application/json' }],
    415,
    '415: Unsupported Media Type',
  ],
  [
    'a deletion of another uid',
    ['DELETE', `${maps}/one`, { preconditions: { uid: 'x' } }],
    409,
    expect.stringContaining('the UID in the precondition (x) does not match the UID in record (') as unknown as string,
  ],
  [
    'a propagation that is none',
    ['DELETE', `${maps}/one`, { propagationPolicy: 'Foo' }],
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
  ],
  [
    'a period that is no number',
    ['DELETE', `${maps}/one`, { gracePeriodSeconds: 'x' }],
    400,
    'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
  ],
  [
    'a verb that the resource does not have',
    ['DELETE', '/api/v1/namespaces'],
    405,
    'the server does not allow this method on the requested resource',
  ],
  ['a resource that there is not', ['GET', '/api/v1/foos'], 404, 'the server could not find the requested resource'],
  [
    'a namespaced object without its namespace',
    ['GET', '/api/v1/configmaps/one'],
    404,
    'the server could not find the requested resource',
  ],
];

describe('refusals are worded as kube-apiserver words them', () => {
  let server: TestApiserver;
  beforeAll(async () => {
    server = await realApiserver();
    await server.send('POST', maps, configMap('one'));
  });

  test.each(cases)('%s', async (_what, request, code, message) => {
    const { status, body } = await server.send(...request);
    expect({ status, message: body.message }).toEqual({ status: code, message });
    expect(body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
  });

  test('outside the API a missing path is a page', async () => {
    const { status, body } = await server.send('GET', '/foo');
    expect([status, body]).toEqual([404, '404 page not found\n']);
  });
});
