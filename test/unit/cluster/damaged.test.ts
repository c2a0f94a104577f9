import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../bin/commands/program.ts';
import { readConfig } from '../../../lib/cluster/config.ts';
import { withLock } from '../../../lib/cluster/lock.ts';
import { clusterPaths } from '../../../lib/cluster/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'zeroplane-damaged-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([['{broken'], ['{}'], ['null'], ['']])('a cluster.json of %j is told as damaged', (text) => {
  const file = join(folder, 'cluster.json');
  writeFileSync(file, text);
  expect(() => readConfig(file)).toThrow(/cluster\.json is damaged/);
});

test('a state folder where the kernel makes none is refused at once', async () => {
  await expect(withLock('/proc/zeroplane/state/lock', async () => undefined)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what the machine refuses is told in one line, with exit code 1', async () => {
  const file = join(folder, 'is-a-folder', 'cluster.json');
  mkdirSync(file, { recursive: true });
  const said: string[] = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  await runProgram(['node', 'zeroplane', 'status'], {
    version: '0.1.0',
    paths: () => clusterPaths(join(folder, 'is-a-folder')),
  } as never);
  expect({ said, code: process.exitCode }).toEqual({
    said: [expect.stringMatching(/^error: EISDIR: [^\n]+\n$/)],
    code: 1,
  });
  process.exitCode = 0;
});
