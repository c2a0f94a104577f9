/** `node supervise.ts OWNER FOLDER PORT JARS`: runs DynamoDB Local for as long as the owner lives, however it ends, and says in FOLDER where. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [owner, folder, port, jars] = process.argv.slice(2) as [string, string, string, string];
const LOOK_EVERY_MS = 200;

const java = spawn(
  'java',
  [
    '-Xmx1g',
    `-Djava.library.path=${jars}`,
    ...['-cp', join(jars, '*'), 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner'],
    ...['-port', port, '-inMemory', '-sharedDb', '-disableTelemetry'],
  ],
  { stdio: 'ignore' },
);
const ended = once(java, 'exit');
process.on('SIGTERM', () => java.kill('SIGKILL'));

while (!(await answers())) await sleep(LOOK_EVERY_MS / 4);
writeFileSync(join(folder, 'port'), port);
while (lives(Number(owner)) && java.exitCode === null && java.signalCode === null) await sleep(LOOK_EVERY_MS);
java.kill('SIGKILL');
await ended;
rmSync(folder, { recursive: true, force: true });

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
