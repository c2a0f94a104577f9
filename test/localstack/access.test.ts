import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { httpUpstream } from '../../lib/api-proxy/upstream.ts';
import { awsEnvironmentOf } from '../../localstack/deploy.ts';
import { type CommandResult, deployed, eventually, sdkOptions } from './deployed.ts';

const cluster = deployed();
const program = join(process.cwd(), 'dist/zeroplane.js');
const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');
const folder = mkdtempSync(join(tmpdir(), 'zeroplane-access-'));
const ROLE = 'arn:aws:iam::000000000000:role/Developer';

/** kubectl's words for 401, with discovery first or without. */
const NOBODY = /Unauthorized|You must be logged in/;
jest.setTimeout(180_000);

type Variables = Record<string, string | undefined>;
const admin: Variables = { ...process.env, ...awsEnvironmentOf(cluster.port), KUBECONFIG: join(folder, 'kubeconfig') };
const children: ChildProcess[] = [];

function run(file: string, args: string[], env: Variables): Promise<CommandResult> {
  return new Promise((resolve) =>
    execFile(file, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  );
}

const zeroplane = (...args: string[]) => run(process.execPath, [program, ...args], admin);
const kubectl = (env: Variables, ...args: string[]) => run(join(peers, 'kubectl'), args, env);

/** Somebody who has assumed a role. */
async function session(RoleArn: string, RoleSessionName: string): Promise<Variables> {
  const { Credentials } = await new STSClient(sdkOptions(cluster)).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName }),
  );
  return {
    ...admin,
    AWS_ACCESS_KEY_ID: Credentials!.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials!.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials!.SessionToken,
  };
}

beforeAll(async () => {
  const { code, stdout, stderr } = await zeroplane('kubeconfig', '--aws', cluster.name);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(`context zeroplane-aws-${cluster.name} in ${admin['KUBECONFIG']}\n`);
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('kubectl with the kubeconfig of `zeroplane kubeconfig --aws`', () => {
  test('signs in with IAM', async () => {
    const { stdout } = await kubectl(admin, 'auth', 'whoami', '-o', 'json');
    expect(JSON.parse(stdout).status.userInfo).toMatchObject({
      username: 'arn:aws:iam::000000000000:root',
      groups: ['system:masters', 'system:authenticated'],
    });
  });

  test('is told what is wrong with AWS, not with Kubernetes', async () => {
    expect(await zeroplane('kubeconfig', '--aws', 'absent')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: there is no stack absent-api in us-east-1\n$/),
    });
  });
});

describe('zeroplane access', () => {
  const on = ['--aws', cluster.name];

  test('lets a role in, as far as was said, and out again', async () => {
    const jane = await session(ROLE, 'jane');
    // Without discovery, which kubectl tries five times when it is refused.
    const read = (path: string) => kubectl(jane, 'get', '--raw', path);
    const mayRead = async () => (await read('/api/v1/pods')).code === 0;
    expect((await read('/api/v1/pods')).stderr).toMatch(NOBODY);
    expect((await zeroplane('access', 'grant', ROLE, '--view', '--group', 'dev', ...on)).code).toBe(0);
    expect(await mayRead()).toBe(true);
    const { stdout } = await kubectl(jane, 'auth', 'whoami', '-o', 'json');
    expect(JSON.parse(stdout).status.userInfo).toMatchObject({
      username: 'arn:aws:sts::000000000000:assumed-role/Developer/jane',
      groups: ['dev', ROLE, 'system:authenticated'],
    });
    expect((await read('/api/v1/secrets')).stderr).toMatch(/is forbidden: User .*Developer\/jane" cannot list/);
    expect((await zeroplane('access', 'list', ...on)).stdout).toMatch(/role\/Developer .* dev +view\n/);
    expect((await zeroplane('access', 'revoke', ROLE, ...on)).code).toBe(0);
    expect(await mayRead()).toBe(false);
    expect((await zeroplane('access', 'list', ...on)).stdout).toBe('nothing is granted to anybody\n');
  });

  test('is for who may: others are refused', async () => {
    const jane = await session(ROLE, 'jane');
    const { code, stderr } = await run(process.execPath, [program, 'access', 'grant', ROLE, '--admin', ...on], jane);
    expect([code, stderr]).toEqual([1, 'error: Unauthorized\n']);
  });
});

describe('a session of the nodes’ role', () => {
  const role = `arn:aws:iam::000000000000:role/${cluster.name}-node`;

  test('is the node whose instance it is, with a node’s rights', async () => {
    const node = await session(role, 'i-0123456789abcdef0');
    const { stdout } = await kubectl(node, 'auth', 'whoami', '-o', 'json');
    expect(JSON.parse(stdout).status.userInfo).toMatchObject({
      username: 'system:node:i-0123456789abcdef0',
      groups: expect.arrayContaining(['system:nodes']),
    });
    expect((await kubectl(node, 'get', 'nodes')).stderr).not.toMatch(NOBODY);
    expect((await kubectl(node, 'get', 'secrets', '-A')).stderr).toMatch(/forbidden/i);
  });

  test('that is no instance’s is nobody', async () => {
    const somebody = await session(role, 'somebody');
    expect((await kubectl(somebody, 'auth', 'whoami')).stderr).toMatch(NOBODY);
  });
});

test('a ServiceAccount’s token can be checked by whoever finds its issuer', async () => {
  await kubectl(admin, 'create', 'serviceaccount', 'checked');
  const token = (await kubectl(admin, 'create', 'token', 'checked', '--audience', 'vault')).stdout.trim();
  const { iss } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  // The emulator's URLs of AWS lead nowhere: what stands under the issuer is read where the API answers.
  const get = async (path: string) =>
    (
      await httpUpstream({ server: cluster.server, insecureSkipTlsVerify: true })(new Request(`https://api${path}`))
    ).json() as Promise<any>;
  const { issuer, jwks_uri } = await get('/.well-known/openid-configuration');
  expect([issuer, jwks_uri]).toEqual([iss, `${iss}/openid/v1/jwks`]);
  const keys = createLocalJWKSet(await get('/openid/v1/jwks'));
  const { payload } = await jwtVerify(token, keys, { issuer, audience: 'vault' });
  expect(payload.sub).toBe('system:serviceaccount:default:checked');
  await kubectl(admin, 'delete', 'serviceaccount', 'checked');
});

test('through `zeroplane tunnel` a watch goes on', async () => {
  const tunnel = spawn(process.execPath, [program, 'tunnel', '--aws', cluster.name], {
    env: admin as NodeJS.ProcessEnv,
  });
  children.push(tunnel);
  const context = `zeroplane-aws-${cluster.name}-tunnel`;
  const contexts = async () => (await kubectl(admin, 'config', 'get-contexts', '-o', 'name')).stdout;
  const current = async () => (await kubectl(admin, 'config', 'current-context')).stdout.trim();
  await eventually(async () => expect(await current()).toBe(context));
  const watching = spawn(join(peers, 'kubectl'), ['get', 'configmaps', '-w', '-o', 'name'], {
    env: admin as NodeJS.ProcessEnv,
  });
  children.push(watching);
  let seen = '';
  watching.stdout.on('data', (chunk) => (seen += chunk));
  await eventually(async () => expect((await kubectl(admin, 'create', 'configmap', 'first')).code).toBe(0));
  await eventually(async () => expect(seen).toContain('configmap/first'));
  await kubectl(admin, 'delete', 'configmap', 'first');
  // A change that came another way is found too.
  await kubectl(admin, 'create', 'configmap', 'second', '--context', `zeroplane-aws-${cluster.name}`);
  await eventually(async () => expect(seen).toContain('configmap/second'));
  await kubectl(admin, 'delete', 'configmap', 'second');
  watching.kill();
  tunnel.kill('SIGINT');
  await new Promise((resolve) => tunnel.once('exit', resolve));
  expect(tunnel.exitCode).toBe(0);
  expect(await contexts()).toBe(`zeroplane-aws-${cluster.name}\n`);
  expect(await current()).toBe(`zeroplane-aws-${cluster.name}`);
}, 90_000);
