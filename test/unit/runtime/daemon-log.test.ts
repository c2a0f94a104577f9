import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonLog } from '../../../bin/compose/daemon-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'zeroplane-daemon-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a full disk costs lines, not the daemon', () => {
  expect(() => daemonLog('/dev/full')('a line\n')).not.toThrow();
});

test('a log that has grown too long is kept beside a new one', () => {
  const file = join(folder, 'log');
  writeFileSync(file, '');
  const write = daemonLog(file);
  write('x'.repeat(11 << 20));
  write('new\n');
  expect(readFileSync(file, 'utf8')).toBe('new\n');
  expect(statSync(`${file}.1`).size).toBe(11 << 20);
});
