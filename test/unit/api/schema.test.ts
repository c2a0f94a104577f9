import { schemaOf, validateSchema } from '../../../lib/api/schema.ts';

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
const pod = { group: '', version: 'v1', kind: 'Pod' };

function decode(text: string, gvk = deployment, fieldValidation: 'Strict' | 'Warn' | 'Ignore' = 'Strict') {
  return validateSchema(JSON.parse(text), gvk, { fieldValidation, text });
}

const refused: [string, string][] = [
  ['{"spec":{"replicas":"x"}}', 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ['{"spec":{"replicas":1.5}}', 'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ['{"spec":{"replicas":3000000000}}', 'json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ['{"spec":[]}', 'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
  ['{"metadata":{"labels":{"a":1}}}', 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
  ['{"spec":{"template":{"spec":{"containers":{}}}}}', 'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container'],
  ['{"spec":{"template":{"spec":{"containers":[{"name":"a"},1]}}}}', 'json: cannot unmarshal number into Go struct field PodSpec.spec.template.spec.containers of type v1.Container'],
  ['{"spec":{"template":{"spec":{"containers":[{"imagePullPolicy":true}]}}}}', 'json: cannot unmarshal bool into Go struct field Container.spec.template.spec.containers.imagePullPolicy of type v1.PullPolicy'],
  ['{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}}}', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ['{"metadata":{"creationTimestamp":"x"}}', 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
  ['{"spec":{"foo":1},"bar":2}', 'strict decoding error: unknown field "spec.foo", unknown field "bar"'],
  ['{"spec":{"template":{"spec":{"containers":[{"nam":"x"}]}}}}', 'strict decoding error: unknown field "spec.template.spec.containers[0].nam"'],
  ['{"spec":{"replicas":1,"replicas":2}}', 'strict decoding error: duplicate field "spec.replicas"'],
  ['{"metadata":{"labels":{"a\\"":"1","a\\"":"2"}}}', 'strict decoding error: duplicate field "metadata.labels.a\\""'],
]; // biome-ignore format: a table

test.each(refused)('%s is refused', (text, message) => {
  expect(() => decode(text)).toThrow(`Deployment in version "v1" cannot be handled as a Deployment: ${message}`);
});

test('what strict validation refuses is warned of, or let pass, and dropped', () => {
  const text = '{"kind":"Pod","spec":{"nodeName":"n","foo":1}}';
  expect(decode(text, pod, 'Warn').warnings).toEqual(['unknown field "spec.foo"']);
  const ignored = decode(text, pod, 'Ignore');
  expect(ignored.warnings).toEqual([]);
  expect(ignored.object['spec']).toEqual({ containers: null, nodeName: 'n' });
});

test('nothing is found twice in a text whose strings look like members', () => {
  expect(decode('{"metadata":{"annotations":{"a":"\\"b\\":{\\\\","c":"d:e"}}}').warnings).toEqual([]);
});

test('null is absence, empty values are dropped, and what Go always writes is filled in', () => {
  const { object } = decode(
    '{"spec":{"replicas":null,"paused":false,"selector":{"matchLabels":{}},"minReadySeconds":0,"template":{"spec":{"containers":[{"name":"a","args":[]}],"securityContext":{}}}}}',
  );
  expect(object).toEqual({
    metadata: {},
    spec: {
      selector: {},
      template: { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }], securityContext: {} } },
      strategy: {},
    },
    status: {},
  });
});

test('times, quantities and bytes are written in their normal form', () => {
  const text =
    '{"metadata":{"deletionTimestamp":"2026-01-01T02:00:00.5+02:00"},"spec":{"overhead":{"cpu":0.5,"memory":"1024Mi"}}}';
  const { object } = decode(text, pod);
  expect(object.metadata).toEqual({ deletionTimestamp: '2026-01-01T00:00:00Z' });
  expect(object['spec'].overhead).toEqual({ cpu: '500m', memory: '1Gi' });
});

test('a key named __proto__ stays a key', () => {
  const { object } = decode('{"metadata":{"labels":{"__proto__":"x"}}}', pod);
  expect(JSON.stringify(object.metadata)).toBe('{"labels":{"__proto__":"x"}}');
});

test('schemas tell how lists are merged', () => {
  const podSpec = schemaOf(pod)?.properties?.['spec'];
  expect(podSpec?.$ref).toBe('#/definitions/io.k8s.api.core.v1.PodSpec');
});
