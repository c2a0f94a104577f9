import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../lib/cluster/config.ts';
import { eventually, guestbookImages, TestCluster } from './cluster.ts';
import { debianPackages } from './debian-packages.ts';

const USER = 'puller';
const PASSWORD = 'correct-horse';

/** Debian's docker-registry on the cluster's bridge, with TLS of an authority of its own and basic authentication. */
class Registry {
  readonly folder = mkdtempSync(join(tmpdir(), 'zeroplane-registry-'));
  readonly address: string;
  #process: ChildProcess | undefined;

  constructor(host: string) {
    this.address = `${host}:5443`;
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: this.folder, stdio: 'ignore' });
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=registry', '-addext', `subjectAltName=IP:${host}`); // biome-ignore format: one command
    writeFileSync(join(this.folder, 'htpasswd'), execFileSync('htpasswd', ['-Bbn', USER, PASSWORD]));
    const lines = [
      'version: 0.1',
      `storage: { filesystem: { rootdirectory: ${join(this.folder, 'data')} } }`,
      `http: { addr: '${this.address}', tls: { certificate: ${this.folder}/cert.pem, key: ${this.folder}/key.pem } }`,
      `auth: { htpasswd: { realm: test, path: ${this.folder}/htpasswd } }`,
    ];
    writeFileSync(join(this.folder, 'config.yaml'), lines.join('\n'));
  }

  async start(): Promise<void> {
    this.#process = spawn('docker-registry', ['serve', join(this.folder, 'config.yaml')], { stdio: 'ignore' });
    await eventually(() => this.#answers());
  }

  push(archive: string, name: string): void {
    const to = `docker://${this.address}/${name}`;
    execFileSync('skopeo', ['copy', '--dest-tls-verify=false', '--dest-creds', `${USER}:${PASSWORD}`, archive, to]);
  }

  stop(): void {
    this.#process?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = request(`https://${this.address}/v2/`, { rejectUnauthorized: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 401);
      });
      asked.on('error', () => resolve(false));
      asked.end();
    });
  }
}

describe('images from a registry with TLS and passwords', () => {
  const cluster = new TestCluster('registry');
  let registry: Registry;
  let image: string;

  beforeAll(async () => {
    debianPackages({
      'docker-registry': 'docker-registry',
      skopeo: 'skopeo',
      htpasswd: 'apache2-utils',
      openssl: 'openssl',
    });
    await cluster.up();
    const { nodeCIDR } = readConfig(join(cluster.stateDir, 'cluster.json'))!;
    registry = new Registry(nodeCIDR.replace(/\.0\/\d+$/, '.1'));
    await registry.start();
    registry.push(`docker-archive:${guestbookImages()[0]}`, 'team/redis:1');
    image = `${registry.address}/team/redis:1`;
  }, 240_000);
  afterAll(async () => {
    registry?.stop();
    await cluster.delete();
  }, 60_000);

  const run = (name: string, from: string, spec: object = {}) =>
    cluster.kubectl(
      'run',
      name,
      `--image=${from}`,
      '--image-pull-policy=Always',
      `--overrides=${JSON.stringify({ spec })}`,
    );
  const waiting = async (name: string, reason: string) =>
    eventually(async () => {
      const { status } = await cluster.json('get', 'pod', name);
      const found = status.containerStatuses?.[0]?.state?.waiting;
      return found?.reason === reason && found.message;
    });
  const login = (password: string) => [
    `--docker-server=${registry.address}`,
    `--docker-username=${USER}`,
    `--docker-password=${password}`,
  ];

  test('a registry whose certificate nobody vouches for is refused, with back-off, in kubelet’s words', async () => {
    await run('unknown', image);
    expect(await waiting('unknown', 'ErrImagePull')).toContain('x509');
    expect(await waiting('unknown', 'ImagePullBackOff')).toMatch(`Back-off pulling image "${image}"`);
    const events = await cluster.kubectl('describe', 'pod', 'unknown');
    expect(events).toContain(`Failed to pull image "${image}"`);
  }, 120_000);

  test('with its authority in the cluster’s registries and a pull secret the image comes', async () => {
    const folder = join(cluster.stateDir, 'registries', registry.address);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(registry.folder, 'cert.pem'), join(folder, 'ca.crt'));
    await cluster.kubectl('create', 'secret', 'docker-registry', 'right', ...login(PASSWORD));
    await run('pulls', image, { imagePullSecrets: [{ name: 'right' }] });
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/pulls', '--timeout=60s');
    expect(await cluster.kubectl('describe', 'pod', 'pulls')).toContain(`Successfully pulled image "${image}"`);
  }, 120_000);

  test('the secret of the pod’s ServiceAccount counts too', async () => {
    const secrets = JSON.stringify({ imagePullSecrets: [{ name: 'right' }] });
    await cluster.kubectl('create', 'serviceaccount', 'puller');
    await cluster.kubectl('patch', 'serviceaccount', 'puller', '-p', secrets);
    await run('by-account', image, { serviceAccountName: 'puller' });
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/by-account', '--timeout=60s');
  }, 120_000);

  test('without a secret, or with a wrong one, it says that it may not; an image that is not there, that it is not', async () => {
    await run('nobody', image);
    expect(await waiting('nobody', 'ErrImagePull')).toMatch(/no basic auth credentials|authorization failed|401/);
    await cluster.kubectl('create', 'secret', 'docker-registry', 'wrong', ...login('incorrect'));
    await run('liar', image, { imagePullSecrets: [{ name: 'wrong' }] });
    expect(await waiting('liar', 'ErrImagePull')).toMatch(/401 Unauthorized|authorization failed/);
    const absent = `${registry.address}/team/absent:1`;
    await run('absent', absent, { imagePullSecrets: [{ name: 'right' }] });
    expect(await waiting('absent', 'ErrImagePull')).toContain('not found');
  }, 180_000);
});
