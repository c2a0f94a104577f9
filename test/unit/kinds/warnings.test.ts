import { kindRules } from '../../../functions/apiserver/kinds/index.ts';

const warningsOf = (key: string, object: object, old?: object) => kindRules.get(key)!.warnings!(object, old);
const pod = (spec: object) => ({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }], ...spec } });
const env = [{ name: 'A' }, { name: 'A' }];
const HIDDEN = 'containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply';

test('a plain pod and a plain service are told nothing', () => {
  expect(warningsOf('/pods', pod({}))).toEqual([]);
  expect(
    warningsOf('/services', { spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] } }),
  ).toEqual([]);
});

test.each([
  [{ containers: [{ name: 'c', env }] }, [`spec.${HIDDEN}`]],
  [
    {
      containers: [
        {
          name: 'c',
          env: [
            { name: 'A', value: 'a' },
            { name: 'A', value: '$(A)b' },
          ],
        },
      ],
    },
    [],
  ],
  [
    { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [{ imagePullSecrets: [{}] }, ['spec.imagePullSecrets[0].name: invalid empty name ""']],
  [
    { volumes: [{ name: 'v', configMap: { name: 'm', items: [{ path: 'a' }, { path: 'a/b' }] } }] },
    ['volume "v" (ConfigMap "m"): overlapping paths: "a/b" with "a"'],
  ],
  [
    {
      containers: [
        { name: 'c', ports: [{ containerPort: 80, protocol: 'TCP' }] },
        { name: 'd', ports: [{ containerPort: 80, protocol: 'TCP' }] },
      ],
    },
    ['spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
])('a pod with %j', (spec, warnings) => {
  expect(warningsOf('/pods', pod(spec))).toEqual(warnings);
});

test('an update of a pod is told nothing, one of a deployment when it asks for something else', () => {
  const odd = pod({ containers: [{ name: 'c', env }] });
  expect(warningsOf('/pods', odd, odd)).toEqual([]);
  const deployment = (generation: number) => ({ metadata: { name: 'd', generation }, spec: { template: odd } });
  expect(warningsOf('apps/deployments', deployment(1), deployment(1))).toEqual([]);
  expect(warningsOf('apps/deployments', deployment(2), deployment(1))).toEqual([`spec.template.spec.${HIDDEN}`]);
});

test('a name with dots is told of where pods take it over', () => {
  const spec = { template: pod({}) };
  expect(warningsOf('apps/deployments', { metadata: { name: 'a.b' }, spec })).toEqual([
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
  ]);
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ['', '', 'tls: failed to find any PEM data in certificate input'],
  [
    '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----',
    '',
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  ],
  ['-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----', '', 'tls: failed to find any PEM data in key input'],
])('a TLS secret of %j and %j', (certificate, key, warning) => {
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
  expect(warningsOf('/secrets', { type: 'kubernetes.io/tls', data })).toEqual([warning]);
});
