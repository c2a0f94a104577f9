import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const root = process.cwd();
const program = join(root, 'dist/zeroplane.js');
const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A real cluster of a test's own: own name, state folder, kubeconfig. It is taken down even when the test's process is killed. */
export class TestCluster {
  readonly name: string;
  readonly folder: string;
  readonly kubeconfig: string;

  /** `same`: another way to that cluster, with a kubeconfig named after the label. */
  constructor(label: string, same?: TestCluster) {
    this.name = same?.name ?? `${label}-${process.pid}`;
    this.folder = same?.folder ?? mkdtempSync(join(tmpdir(), `zeroplane-${label}-`));
    this.kubeconfig = join(this.folder, same ? `${label}.kubeconfig` : 'kubeconfig');
  }

  get stateDir(): string {
    return join(this.folder, 'state');
  }

  async up(...args: string[]): Promise<string> {
    this.#takeDownWhenOrphaned();
    return must(await this.zeroplane('up', ...args));
  }

  /** The CLI, for this cluster. */
  zeroplane(command: string, ...args: string[]): Promise<CommandResult> {
    return this.#run(process.execPath, [program, command, '--name', this.name, '--state-dir', this.stateDir, ...args]);
  }

  /** kubectl's standard output; a failure throws with what it said. */
  async kubectl(...args: string[]): Promise<string> {
    return must(await this.tryKubectl(...args));
  }

  readonly kubectlPath = join(peers, 'kubectl');

  tryKubectl(...args: string[]): Promise<CommandResult> {
    return this.#run(this.kubectlPath, args);
  }

  /** kubectl with a manifest or other text at its standard input. */
  async kubectlWithInput(input: string, ...args: string[]): Promise<string> {
    return must(await this.#run(this.kubectlPath, args, input));
  }

  async helm(...args: string[]): Promise<string> {
    return must(await this.#run(join(peers, 'helm'), args));
  }

  /** A shell script of an example, whose kubectl is this cluster's. */
  async script(file: string, ...args: string[]): Promise<string> {
    return must(await this.#run('sh', [file, ...args]));
  }

  async json(...args: string[]): Promise<any> {
    return JSON.parse(await this.kubectl(...args, '-o', 'json'));
  }

  agentPid(node: string): number {
    return Number(readFileSync(join(this.stateDir, 'nodes', node, 'agent.pid'), 'utf8').split(/\s/)[0]);
  }

  async delete(): Promise<void> {
    await this.zeroplane('down', '--delete');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(file: string, args: string[], input?: string): Promise<CommandResult> {
    const env = {
      ...process.env,
      KUBECONFIG: this.kubeconfig,
      PATH: `${peers}:${process.env['PATH']}`,
      HELM_CACHE_HOME: this.folder,
      HELM_CONFIG_HOME: this.folder,
      HELM_DATA_HOME: this.folder,
    };
    return new Promise((resolve) => {
      const child = execFile(file, args, { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr }),
      );
      if (input !== undefined) child.stdin?.end(input);
    });
  }

  /** A shell that outlives this process and ends the cluster once this process is gone. */
  #takeDownWhenOrphaned(): void {
    const script = `while kill -0 ${process.pid} 2>/dev/null; do sleep 1; done; [ -d "$1" ] || exit 0; "$2" "$3" down --name "$4" --state-dir "$5" --delete; umount -q "$1"/*; rm -rf "$1"`;
    const args = ['-c', script, 'sh', this.folder, process.execPath, program, this.name, this.stateDir];
    spawn('sh', args, {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, KUBECONFIG: this.kubeconfig },
    }).unref();
  }
}

function must(result: CommandResult): string {
  if (result.code !== 0) throw new Error(`exit ${result.code}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

/** Tries until `check` holds; what it last threw or returned is the failure's text. */
export async function eventually<T>(check: () => Promise<T | undefined | false>, limitMs = 60_000): Promise<T> {
  const end = Date.now() + limitMs;
  let last: unknown;
  do {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  } while (Date.now() < end);
  throw new Error(`not reached within ${limitMs} ms: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}

/** Guestbook images (node and Redis from Debian packages), made once a machine. */
export function guestbookImages(): string[] {
  const folder = join(homedir(), '.cache/zeroplane/images/guestbook');
  const files = ['redis.tar', 'web-1.tar', 'web-2.tar'].map((file) => join(folder, file));
  if (!files.every((file) => existsSync(file)))
    execFileSync(join(root, 'examples/guestbook/build-images.sh'), [folder], { stdio: 'ignore' });
  return files;
}

/** The image of examples/web-ingress, made once a machine. */
export function shopImage(): string {
  const folder = join(homedir(), '.cache/zeroplane/images/shop');
  const file = join(folder, 'shop.tar');
  const sources = ['web/server.ts', 'images/shop.json'].map((name) => join(root, 'examples/web-ingress', name));
  const made = existsSync(file) ? statSync(file).mtimeMs : 0;
  if (sources.some((source) => statSync(source).mtimeMs > made))
    execFileSync(join(root, 'examples/web-ingress/build-images.sh'), [folder], { stdio: 'ignore' });
  return file;
}
