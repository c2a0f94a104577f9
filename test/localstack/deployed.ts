import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stsToken } from '../../lib/cloud/aws/sts-token.ts';
import { awsEnvironmentOf } from '../../localstack/deploy.ts';

/** What setup.ts made. */
export interface Deployed {
  port: number;
  name: string;
  /** Of a kubeconfig. */
  server: string;
  /** What LocalStack printed. */
  logFile: string;
}

const VARIABLE = 'ZEROPLANE_DEPLOYED';
const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');

export function tellDeployed(deployed: Deployed): void {
  process.env[VARIABLE] = JSON.stringify(deployed);
}

export function deployed(): Deployed {
  const told = process.env[VARIABLE];
  if (!told) throw new Error('run this suite by `npm run test:localstack`');
  return JSON.parse(told);
}

/** An IAM token of LocalStack's root user, an administrator of the cluster. */
export async function adminToken({ name }: Pick<Deployed, 'name'>): Promise<string> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return (await stsToken({ credentials, region: 'us-east-1', cluster: name }, Date.now())).token;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** kubectl as the administrator. `close` removes its folder and ends what runs. */
export class Kubectl {
  readonly folder = mkdtempSync(join(tmpdir(), 'zeroplane-kubectl-'));
  readonly kubeconfig = join(this.folder, 'kubeconfig');
  readonly #running = new Set<ChildProcess>();

  static async of(deployed: Deployed, token?: string): Promise<Kubectl> {
    const kubectl = new Kubectl();
    const user = { token: token ?? (await adminToken(deployed)) };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: deployed.server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    writeFileSync(kubectl.kubeconfig, JSON.stringify(config), { mode: 0o600 });
    return kubectl;
  }

  /** Standard output; a failure throws with what kubectl said. */
  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr || stdout}`);
    return stdout;
  }

  async json(...args: string[]): Promise<any> {
    return JSON.parse(await this.run(...args, '-o', 'json'));
  }

  async apply(...objects: object[]): Promise<string> {
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    const { code, stdout, stderr } = await this.attempt(['apply', '-f', '-'], input);
    if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
    return stdout;
  }

  attempt(args: readonly string[], input = ''): Promise<CommandResult> {
    return new Promise((resolve) => {
      const child = execFile(join(peers, 'kubectl'), args, this.#options(), (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
      });
      child.stdin!.end(input);
    });
  }

  /** A command that goes on, and what it has printed. */
  start(...args: string[]): { output(): string; ended: Promise<number | null> } {
    const child = spawn(join(peers, 'kubectl'), args, { ...this.#options(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    return { output: () => output, ended: new Promise((resolve) => child.once('exit', resolve)) };
  }

  close(): void {
    for (const child of this.#running) child.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #options() {
    return { env: { ...process.env, KUBECONFIG: this.kubeconfig, KUBECACHEDIR: this.folder }, maxBuffer: 64 << 20 };
  }
}

/** For SDK clients of a suite. */
export function sdkOptions({ port }: Pick<Deployed, 'port'>) {
  const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region } = awsEnvironmentOf(port) as Record<string, string>;
  return { endpoint: endpoint!, region: region!, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

const POLL_MS = 200;

/** Tries until it is so; the last failure is told when the time is over. */
export async function eventually<T>(what: () => Promise<T>, forMs = 30_000): Promise<T> {
  const end = Date.now() + forMs;
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
