import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localStackEndpoints } from './endpoints.ts';

export interface LocalStack {
  port: number;
  /** `http://localhost:PORT` */
  endpoint: string;
  /** What it prints goes there: each request is a line. */
  logFile: string;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..');
const START_ATTEMPTS = 600;
const STOP_ATTEMPTS = 50;
const POLL_MS = 200;

/** Starts a LocalStack with a state of its own, installing it first where it is not. It ends when this process does, however that ends. */
export async function startLocalStack(port: number, installAttempts = 1): Promise<LocalStack> {
  const state = mkdtempSync(join(tmpdir(), 'zeroplane-localstack-'));
  mkdirSync(join(state, 'tmp'));
  const logFile = join(state, 'localstack.log');
  const out = openSync(logFile, 'a');
  const child = spawn('bash', [join(root, 'localstack/start.sh'), String(port)], {
    detached: true,
    stdio: ['ignore', out, out],
    env: {
      ...process.env,
      TMPDIR: join(state, 'tmp'),
      LAMBDA_PROCESS_NODE: process.env['LAMBDA_PROCESS_NODE'] ?? join(root, 'node_modules/.bin/node'),
    },
  });
  closeSync(out);
  child.unref();
  const guard = stopsWithUs(child, state);
  const endpoint = `http://localhost:${port}`;
  const stop = async () => {
    // Whoever waits for the end must not end for want of anything else to wait for.
    guard.ref();
    guard.stdin!.end();
    await new Promise((resolve) => (guard.exitCode === null ? guard.once('exit', resolve) : resolve(undefined)));
  };
  try {
    await ready(endpoint, child, START_ATTEMPTS * installAttempts);
  } catch (error) {
    const said = readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n');
    await stop();
    throw new Error(`LocalStack did not start: ${(error as Error).message}\n${said}`);
  }
  return { port, endpoint, logFile, stop };
}

/** A shell that waits for the end of its input, which comes with the end of this process too; then it ends LocalStack in order. */
function stopsWithUs({ pid }: ChildProcess, state: string): ChildProcess {
  // DynamoDB Local is in a session of its own, so that it is named by its parent.
  const script = `cat >/dev/null
kill -s TERM "$1" 2>/dev/null
for i in $(seq ${STOP_ATTEMPTS}); do kill -0 "$1" 2>/dev/null || break; sleep 0.2; done
if kill -0 "$1" 2>/dev/null; then kill -s KILL $(pgrep -P "$1") "$1" 2>/dev/null; fi
kill -s KILL -- "-$1" 2>/dev/null
rm -rf "$2"`;
  const guard = spawn('sh', ['-c', script, 'guard', String(pid), state], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  return guard;
}

async function ready(endpoint: string, child: ChildProcess, attempts: number): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (await answers(endpoint)) return;
    await sleep(POLL_MS);
  }
  throw new Error('it does not answer');
}

export async function answers(endpoint: string): Promise<boolean> {
  try {
    await localStackEndpoints(endpoint).health();
    return true;
  } catch {
    // Nobody listens yet.
    return false;
  }
}
