import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  identify,
  logTail,
  runningDaemon,
  startDaemon,
  startedInThisBoot,
  stopDaemon,
} from '../../../lib/cluster/daemon.ts';
import { inTurn, withLock } from '../../../lib/cluster/lock.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'zeroplane-daemon-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const paths = () => {
  const own = join(folder, String(count++));
  return { folder: own, pid: join(own, 'pid'), log: join(own, 'log') };
};

test('a daemon runs until it is stopped', async () => {
  const files = paths();
  const pid = startDaemon(files, ['sleep', '1000']);
  expect(runningDaemon(files)).toBe(pid);
  expect(startedInThisBoot(files)).toBe(true);
  await stopDaemon(files, systemClock, 5_000);
  expect(runningDaemon(files)).toBeUndefined();
  expect(identify(pid)).toBeUndefined();
});

test('a daemon that ignores SIGTERM is killed', async () => {
  const files = paths();
  const pid = startDaemon(files, ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done']);
  while (logTail(files) !== 'up') await new Promise((resolve) => setImmediate(resolve));
  await stopDaemon(files, systemClock, 20);
  expect(identify(pid)).toBeUndefined();
});

test('a pid that another process has now is neither the daemon nor touched', async () => {
  const files = paths();
  startDaemon(files, ['sleep', '1000']);
  const daemon = runningDaemon(files)!;
  const [boot, start] = identify(process.pid)!.split(' ');
  writeFileSync(files.pid, `${process.pid}\n${boot} ${Number(start) - 1}\n`);
  expect(runningDaemon(files)).toBeUndefined();
  await stopDaemon(files, systemClock, 5_000);
  process.kill(daemon);
});

test('what was started before a reboot is known as such', () => {
  const files = paths();
  process.kill(startDaemon(files, ['sleep', '1000']));
  writeFileSync(files.pid, `${process.pid}\nanother-boot ${identify(process.pid)!.split(' ')[1]}\n`);
  expect(startedInThisBoot(files)).toBe(false);
  expect(runningDaemon(files)).toBeUndefined();
});

test('one command at a time holds the lock; one that died with it loses it', async () => {
  const file = join(folder, 'lock');
  await withLock(file, async () => {
    await expect(withLock(file, async () => undefined)).rejects.toThrow(/another zeroplane command/);
  });
  writeFileSync(file, '999999999\nanother-boot 1\n');
  expect(await withLock(file, async () => 'done')).toBe('done');
});

test('what clusters share is chosen in turn', async () => {
  const file = join(folder, 'machine');
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} ends`);
  };
  await Promise.all(['a', 'b'].map((name) => inTurn(file, systemClock, work(name))));
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});
