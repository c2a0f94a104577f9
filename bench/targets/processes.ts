import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

/** Child processes that end with the benchmark. */
export class Processes {
  readonly #children: ChildProcess[] = [];
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    process.once('exit', () => {
      for (const child of this.#children) child.kill('SIGKILL');
    });
  }

  spawn(file: string, args: string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
    const log = createWriteStream(join(this.#folder, `${file.split('/').at(-1)}.log`), { flags: 'a' });
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.#children.push(child);
    return child;
  }

  pids(): number[] {
    return this.#children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => child.pid!);
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children].reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(forced);
    }
  }
}
