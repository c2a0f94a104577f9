import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { awsKms } from '../../lib/cloud/aws/kms.ts';
import { kmsRotation } from '../../lib/cloud/aws/kms-rotation.ts';
import { openMemoryStore } from '../../lib/storage/embedded/open.ts';
import { sealedWith } from '../../lib/storage/encryption/envelope.ts';
import { type KeyRing, ringKeys, withNewKey } from '../../lib/storage/encryption/key-ring.ts';
import { kmsKeys } from '../../lib/storage/encryption/kms-keys.ts';
import { encryptedStore } from '../../lib/storage/encryption/store.ts';
import { awsEnvironmentOf } from '../../localstack/deploy.ts';
import { fakeClock } from '../fakes/clock.ts';
import { type CommandResult, deployed, Kubectl, sdkOptions } from './deployed.ts';

const cluster = deployed();
const program = join(process.cwd(), 'dist/zeroplane.js');
const SECRET = 'correct-horse-battery-staple';
jest.setTimeout(300_000);

function zeroplane(...args: string[]): Promise<CommandResult> {
  const env = { ...process.env, ...awsEnvironmentOf(cluster.port) };
  return new Promise((resolve) =>
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  );
}

describe('KMS', () => {
  const clock = fakeClock();
  const kms = new KMSClient(sdkOptions(cluster));
  const fresh = (ring: KeyRing, name = 'c') =>
    ringKeys(
      { read: async () => ring, refresh: async () => ring },
      kmsKeys(async () => awsKms(kms), name, clock),
    );

  test('wraps the data keys of Secrets, opens them after it has rotated, and for this cluster only', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const ring = withNewKey({ keys: [] }, { kms: KeyMetadata!.Arn! });
    const inner = await openMemoryStore({ clock });
    const store = (name?: string) => encryptedStore(inner, { keys: fresh(ring, name), types: ['secrets'] });
    await store().commit([{ op: 'create', key: 'secrets/a/x', value: () => Buffer.from(SECRET) }]);
    await kmsRotation(kms).begin(KeyMetadata!.Arn!);
    expect(await kmsRotation(kms).isRunning(KeyMetadata!.Arn!)).toBe(false);
    expect(Buffer.from((await store().get('secrets/a/x'))!.value).toString()).toBe(SECRET);
    const { value } = (await inner.get('secrets/a/x'))!;
    expect(sealedWith(value)).toBe('key1');
    expect(Buffer.from(value).includes(SECRET)).toBe(false);
    await expect(store('other').get('secrets/a/x')).rejects.toMatchObject({ reason: 'Unreadable' });
    await inner.close();
  });
});

describe('zeroplane secrets --aws', () => {
  const on = ['--aws', cluster.name];
  let kubectl: Kubectl;
  let rotation: Promise<CommandResult>;
  let before: any;

  beforeAll(async () => {
    kubectl = await Kubectl.of(cluster);
    await kubectl.run('create', 'secret', 'generic', 'sealed', `--from-literal=password=${SECRET}`);
    before = await kubectl.json('get', 'secret', 'sealed');
    expect((await zeroplane('secrets', 'status', ...on)).stdout).toMatch(/^key1 +[1-9]\d* +writes$/m);
    // A minute, in which every function reads the ring again.
    rotation = zeroplane('secrets', 'rotate', ...on);
  });
  afterAll(async () => {
    await rotation;
    await kubectl.attempt(['delete', 'secret', 'sealed', 'meanwhile', '--ignore-not-found']);
    kubectl.close();
  });

  test('tells what is wrong, and what it was not asked for', async () => {
    expect(await zeroplane('secrets', 'rotate', '--aws', 'absent')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: there is no stack absent-api in us-east-1\n',
    });
    expect(await zeroplane('secrets', 'prune')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--aws STACK is missing'),
    });
  });

  test('Secrets are written and read while the key rotates', async () => {
    await kubectl.run('create', 'secret', 'generic', 'meanwhile', `--from-literal=password=${SECRET}`);
    expect((await kubectl.json('get', 'secret', 'sealed')).data).toEqual(before.data);
  });

  test('every Secret is sealed with a new key, and nothing of them has changed', async () => {
    const { code, stdout, stderr } = await rotation;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/New key key2: what is written from now on is sealed with it\./);
    expect(stdout).toMatch(/All \d+ Secrets are sealed with key2\.\nkey1 stays /);
    const after = await kubectl.json('get', 'secret', 'sealed');
    expect({ ...after.metadata, resourceVersion: '' }).toEqual({ ...before.metadata, resourceVersion: '' });
    expect(after.data).toEqual(before.data);
    const { stdout: status } = await zeroplane('secrets', 'status', ...on);
    expect(status).toMatch(/^key2 +[2-9]\d* +writes$/m);
    expect(status).toMatch(/^key1 +0 +reads$/m);
  });

  test('a key that wrote a moment ago is not forgotten', async () => {
    expect(await zeroplane('secrets', 'prune', ...on)).toMatchObject({
      code: 0,
      stdout: 'No key could be forgotten; there are key2, key1.\n',
    });
  });
});
