import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envFileValue, readEnvFile } from '../../../agent/volumes/env-file.ts';

const FILE = `# made by the init container

  A='one'  # said so
LINES='first
second'
EMPTY= 'not this'
B='it''s'
`;

it.each([
  ['A', 'one'],
  ['LINES', 'first\nsecond'],
  ['EMPTY', undefined],
])('the value of %s in a file of variables', (key, value) => expect(envFileValue(FILE, key)).toBe(value));

it.each(['A', "A ='x'", 'A=x', "A='x", "A='x' y", "='x'"])('%j is no list of variables', (text) => {
  expect(() => envFileValue(text, 'Z')).toThrow('invalid environment variable format at line 1');
});

it('says in which line a file is wrong, if it has to read so far', () => {
  expect(() => envFileValue(FILE, 'B')).toThrow('at line 7');
});

describe('in a volume', () => {
  let volume: string;
  beforeEach(() => {
    volume = mkdtempSync(join(tmpdir(), 'zeroplane-env-'));
  });
  afterEach(() => rmSync(volume, { recursive: true }));

  it('a file is read; what leads out of the volume, or would make the agent wait, is not', async () => {
    writeFileSync(join(volume, 'env'), "A='one'\n");
    symlinkSync('env', join(volume, 'link'));
    symlinkSync('/etc/hostname', join(volume, 'out'));
    execFileSync('mkfifo', [join(volume, 'pipe')]);
    expect(await readEnvFile(volume, 'env', 'A')).toBe('one');
    expect(await readEnvFile(volume, 'link', 'A')).toBe('one');
    await expect(readEnvFile(volume, 'out', 'A')).rejects.toThrow('leads out');
    await expect(readEnvFile(volume, 'pipe', 'A')).rejects.toThrow('is no file');
    await expect(readEnvFile(volume, 'none', 'A')).rejects.toThrow('ENOENT');
  });
});
