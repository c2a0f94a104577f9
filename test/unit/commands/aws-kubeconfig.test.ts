import { parse } from 'yaml';
import { awsKubeconfig } from '../../../bin/commands/aws/kubeconfig.ts';
import { execCredential } from '../../../bin/commands/aws/token.ts';

const target = {
  cluster: 'prod',
  region: 'eu-central-1',
  server: 'https://abc.execute-api.eu-central-1.amazonaws.com/k8s',
  insecureSkipTlsVerify: false,
};
const plugin = { command: '/usr/bin/node', args: ['/opt/zeroplane.js'] };

test('the kubeconfig of a cluster on AWS signs in by this tool', () => {
  const environment = { AWS_PROFILE: 'work', AWS_SECRET_ACCESS_KEY: 'never written' };
  const text = awsKubeconfig(target, { roleArn: 'arn:aws:iam::1:role/R' }, plugin, environment);
  const { clusters, users, contexts, 'current-context': current } = parse(text);
  expect(current).toBe('zeroplane-aws-prod');
  expect(contexts[0].context).toEqual({ cluster: current, user: current });
  expect(clusters[0].cluster).toEqual({ server: target.server });
  expect(users[0].user.exec).toEqual({
    apiVersion: 'client.authentication.k8s.io/v1',
    command: '/usr/bin/node',
    args: [
      '/opt/zeroplane.js',
      'token',
      '--cluster',
      'prod',
      '--region',
      'eu-central-1',
      '--role-arn',
      'arn:aws:iam::1:role/R',
    ],
    env: [{ name: 'AWS_PROFILE', value: 'work' }],
    interactiveMode: 'IfAvailable',
    provideClusterInfo: false,
  });
  expect(text).not.toContain('never written');
});

test('LocalStack’s certificate is not looked at', () => {
  const { clusters } = parse(awsKubeconfig({ ...target, insecureSkipTlsVerify: true }, {}, plugin, {}));
  expect(clusters[0].cluster['insecure-skip-tls-verify']).toBe(true);
});

test('a credential is renewed a minute before its token ends', () => {
  const { apiVersion, kind, status } = JSON.parse(
    execCredential({ token: 'k8s-aws-v1.abc', expiresAtMs: Date.parse('2026-01-01T00:15:00.500Z') }),
  );
  expect([apiVersion, kind]).toEqual(['client.authentication.k8s.io/v1', 'ExecCredential']);
  expect(status).toEqual({ token: 'k8s-aws-v1.abc', expirationTimestamp: '2026-01-01T00:14:00Z' });
});
