import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { type Answer, type Target, warningTexts } from './target.ts';

/** Whether the real thing is built: peers/build.sh makes it. */
export function hasPeers(folder: string): boolean {
  return existsSync(join(folder, 'etcd')) && existsSync(join(folder, 'kube-apiserver'));
}

const TOKEN = 'parity';
const START_TIMEOUT_MS = 60_000;

/** kube-apiserver over its own etcd, in a folder that goes away with it. */
export async function startPeer(peers: string): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'));
  const [clients, members, secure] = [await freePort(), await freePort(), await freePort()];
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},admin,,system:masters\n`);
  const etcd = run(join(peers, 'etcd'), etcdFlags(folder, clients, members), folder);
  const server = run(join(peers, 'kube-apiserver'), apiserverFlags(folder, clients, secure), folder);
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const send: Target['send'] = (method, path, body, contentType) =>
    call(agent, secure, { method, path, body, contentType });
  await ready(send);
  return {
    send,
    async stop() {
      agent.destroy();
      await Promise.all([server, etcd].map(end));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function etcdFlags(folder: string, clients: number, members: number): string[] {
  const url = (port: number) => `http://127.0.0.1:${port}`;
  return [
    ['data-dir', join(folder, 'etcd')],
    ['listen-client-urls', url(clients)],
    ['advertise-client-urls', url(clients)],
    ['listen-peer-urls', url(members)],
    ['initial-advertise-peer-urls', url(members)],
    ['initial-cluster', `default=${url(members)}`],
    ['unsafe-no-fsync', 'true'],
  ].map(([name, value]) => `--${name}=${value}`);
}

/** As Zeroplane's own control plane runs, but without the ServiceAccount plugin, for no controller makes accounts here. */
function apiserverFlags(folder: string, clients: number, secure: number): string[] {
  const key = join(folder, 'sa.key');
  return [
    ['etcd-servers', `http://127.0.0.1:${clients}`],
    ['secure-port', String(secure)],
    ['bind-address', '127.0.0.1'],
    ['cert-dir', folder],
    ['token-auth-file', join(folder, 'tokens.csv')],
    ['service-account-key-file', key],
    ['service-account-signing-key-file', key],
    ['service-account-issuer', 'https://kubernetes.default.svc.cluster.local'],
    ['service-cluster-ip-range', '10.96.0.0/16'],
    ['authorization-mode', 'RBAC'],
    ['allow-privileged', 'true'],
    ['disable-admission-plugins', 'ServiceAccount'],
  ].map(([name, value]) => `--${name}=${value}`);
}

function run(command: string, flags: string[], folder: string): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a');
  return spawn(command, flags, { stdio: ['ignore', log, log] });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Until it answers, and the default namespace is there. */
async function ready(send: Target['send']): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const answers = await Promise.all(
      ['/readyz', '/api/v1/namespaces/default'].map((path) => send('GET', path).catch(() => undefined)),
    );
    if (answers.every((answer) => answer?.code === 200)) return;
    if (Date.now() > deadline) throw new Error('kube-apiserver did not become ready');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Call {
  method: string;
  path: string;
  body?: unknown;
  contentType?: string | undefined;
}

function call(agent: Agent, port: number, { method, path, body, contentType }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { authorization: `Bearer ${TOKEN}`, accept: 'application/json' };
    const text = body === undefined ? '' : JSON.stringify(body);
    // Said always: Node sends a DELETE's body without its length otherwise.
    headers['content-length'] = String(Buffer.byteLength(text));
    if (text) headers['content-type'] = contentType ?? 'application/json';
    const sent = request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const warnings = warningTexts(response.headersDistinct['warning']);
        const text = Buffer.concat(chunks).toString();
        resolve({ code: response.statusCode!, body: text.startsWith('{') ? JSON.parse(text) : text, warnings });
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
