import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Moto {
  endpoint: string;
  /** What becomes of a task, in ECS's words: `{ task, lastStatus, containers: { NAME: { exitCode } } }`. */
  play(said: { task: string } & Record<string, unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** The first time moto is installed. */
const START_ATTEMPTS = 1_500;
const POLL_MS = 200;
const OLDEST = [3, 11] as const;

/** What keeps moto from running here; undefined: nothing. */
export function motoLacks(): string | undefined {
  const python = process.env['PYTHON'] ?? 'python3';
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;
  if (spawnSync(python, ['-c', check]).status === 0) return undefined;
  return `moto needs Python ${OLDEST.join('.')} or newer with venv (Debian: apt-get install python3-venv); PYTHON names it`;
}

/** Starts moto, installing it first where it is not. */
export async function startMoto(port: number): Promise<Moto> {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-moto-'));
  const logFile = join(folder, 'log');
  const out = openSync(logFile, 'a');
  const child = spawn('bash', [join(process.cwd(), 'localstack/moto/start.sh'), String(port)], {
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve));
    rmSync(folder, { recursive: true });
  };
  try {
    await ready(endpoint, child);
  } catch (error) {
    const said = readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n');
    await stop();
    throw new Error(`moto did not start: ${(error as Error).message}\n${said}`);
  }
  const play: Moto['play'] = async (said) => {
    const response = await fetch(`${endpoint}/play`, { method: 'POST', body: JSON.stringify(said) });
    if (!response.ok) throw new Error(`moto: ${response.status} ${await response.text()}`);
  };
  return { endpoint, play, stop };
}

async function ready(endpoint: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (await answers(endpoint)) return;
    await sleep(POLL_MS);
  }
  throw new Error('it does not answer');
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/moto-api/data.json`)).ok;
  } catch {
    // Nobody listens yet.
    return false;
  }
}
