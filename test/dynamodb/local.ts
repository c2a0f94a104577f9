import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { dynamoDbLocal } from './install.ts';

const root = process.cwd();
const START_TIMEOUT_MS = 60_000;

/** Jest's workers talk to their parent; their tests share one server, which ends with the parent. */
const owner = process.send ? process.ppid : process.pid;

let endpoint: Promise<string> | undefined;

/** DynamoDB Local, one for the whole run: started by whoever comes first, ended with the process that all belong to. */
export function localEndpoint(): Promise<string> {
  endpoint ??= start();
  return endpoint;
}

async function start(): Promise<string> {
  const installed = dynamoDbLocal();
  if ('lack' in installed) throw new Error(installed.lack);
  const folder = join(tmpdir(), `zeroplane-dynamodb-${owner}`);
  if (isFirst(folder)) await supervise(folder, installed.jars);
  const file = join(folder, 'port');
  for (const until = Date.now() + START_TIMEOUT_MS; !existsSync(file); await sleep(50)) {
    if (Date.now() > until) throw new Error('DynamoDB Local does not answer');
  }
  return `http://127.0.0.1:${readFileSync(file, 'utf8')}`;
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

async function supervise(folder: string, jars: string): Promise<void> {
  const script = join(root, 'test/dynamodb/supervise.ts');
  const args = [script, String(owner), folder, String(await freePort()), jars];
  spawn(process.execPath, args, { stdio: 'ignore', detached: true }).unref();
}
