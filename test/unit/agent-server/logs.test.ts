import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpError } from '../../../agent/server/http-error.ts';
import { logContainerId } from '../../../agent/server/logs/log-container.ts';
import { logOptions } from '../../../agent/server/logs/options.ts';
import { readLog } from '../../../agent/server/logs/read.ts';
import type { ContainerState, ContainerStatus } from '../../../lib/api/types.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';
import { pod } from '../../builders/objects.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');

function line(second: number, text: string, stream = 'stdout', tag = 'F'): string {
  return `2026-01-01T00:00:${String(second).padStart(2, '0')}.5Z ${stream} ${tag} ${text}\n`;
}

describe('reading a log', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'logs-'));
    path = join(folder, '0.log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function read(query = ''): Promise<string> {
    const options = logOptions(new URLSearchParams(query), NOW);
    const pieces = [];
    const source = { path, running: async () => false };
    for await (const piece of readLog(source, options, systemClock, new AbortController().signal)) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  test('gives what was written, without times and streams, and joins partial lines', async () => {
    writeFileSync(path, line(1, 'one') + line(2, 'err', 'stderr') + line(3, 'par', 'stdout', 'P') + line(3, 'tial'));
    expect(await read()).toBe('one\nerr\npartial\n');
    expect(await read('stream=Stderr')).toBe('err\n');
    expect(await read('timestamps=true')).toBe(
      '2026-01-01T00:00:01.500000000Z one\n2026-01-01T00:00:02.500000000Z err\n2026-01-01T00:00:03.500000000Z partial\n',
    );
  });

  test('bounds by lines, bytes and time', async () => {
    writeFileSync(path, [1, 2, 3, 30, 50].map((second) => line(second, `at ${second}`)).join(''));
    expect(await read('tailLines=2')).toBe('at 30\nat 50\n');
    expect(await read('tailLines=0')).toBe('');
    expect(await read('tailLines=100')).toBe('at 1\nat 2\nat 3\nat 30\nat 50\n');
    expect(await read('limitBytes=7')).toBe('at 1\nat');
    expect(await read('sinceSeconds=40')).toBe('at 30\nat 50\n');
    expect(await read('sinceTime=2026-01-01T00:00:31Z')).toBe('at 50\n');
  });

  test('finds the tail of a file of many blocks', async () => {
    writeFileSync(path, Array.from({ length: 20_000 }, (_, i) => line(1, `${i}`)).join(''));
    expect(await read('tailLines=3')).toBe('19997\n19998\n19999\n');
    expect((await read('tailLines=15000')).split('\n')[0]).toBe('5000');
    expect((await read()).split('\n')).toHaveLength(20_001);
  });

  test('leaves out what is no log line', async () => {
    writeFileSync(path, `garbage\n${line(1, 'one')}2026-01-01T00:00:01Z nowhere F x\n`);
    expect(await read()).toBe('one\n');
  });

  test('follows what is written, through rotation, until the container ends', async () => {
    writeFileSync(path, line(1, 'one'));
    const options = logOptions(new URLSearchParams('follow=true&tailLines=1'), NOW);
    let running = true;
    const source = { path, running: async () => running };
    let text = '';
    for await (const piece of readLog(source, options, systemClock, new AbortController().signal)) {
      text += piece;
      if (text === 'one\n') appendFileSync(path, line(2, 'two'));
      if (text === 'one\ntwo\n') {
        renameSync(path, `${path}.1`);
        writeFileSync(path, line(3, 'three'));
      }
      if (text.endsWith('three\n')) {
        running = false;
        appendFileSync(path, line(4, 'last'));
      }
    }
    expect(text).toBe('one\ntwo\nthree\nlast\n');
  });
});

describe('log options', () => {
  test.each([
    'tailLines=-1',
    'limitBytes=0',
    'sinceSeconds=0',
    'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
    'stream=Both',
  ])('%s is refused', (query) => expect(() => logOptions(new URLSearchParams(query), NOW)).toThrow('Invalid request'));

  test('booleans are read as Kubernetes reads them', () => {
    const follow = (query: string) => logOptions(new URLSearchParams(query), NOW).follow;
    expect(['follow', 'follow=true', 'follow=1'].map(follow)).toEqual([true, true, true]);
    expect(['', 'follow=false', 'follow=0'].map(follow)).toEqual([false, false, false]);
  });
});

describe('the container whose log is meant', () => {
  const withStatus = (state: ContainerState, lastState?: ContainerState) =>
    pod({
      name: 'p',
      status: {
        containerStatuses: [{ name: 'c', state, lastState, containerID: 'containerd://now' } as ContainerStatus],
      },
    });
  const ended = { exitCode: 1, containerID: 'containerd://before' };

  test('is the one that runs, or ran last', () => {
    expect(logContainerId(withStatus({ running: {} }), 'c', false)).toBe('now');
    expect(logContainerId(withStatus({ running: {} }, { terminated: ended }), 'c', true)).toBe('before');
    expect(
      logContainerId(withStatus({ waiting: { reason: 'CrashLoopBackOff' } }, { terminated: ended }), 'c', false),
    ).toBe('before');
  });

  test.each([
    [
      withStatus({ waiting: { reason: 'ContainerCreating' } }),
      false,
      'container "c" in pod "p" is waiting to start: ContainerCreating',
    ],
    [
      withStatus({ waiting: { reason: 'ErrImagePull' } }),
      false,
      `container "c" in pod "p" is waiting to start: image can't be pulled`,
    ],
    [withStatus({ running: {} }), true, 'previous terminated container "c" in pod "p" not found'],
    [pod({ name: 'p' }), false, 'container "c" in pod "p" is not available'],
  ])('is refused as kubelet refuses it', (of, previous, message) => {
    expect(() => logContainerId(of, 'c', previous)).toThrow(new HttpError(400, message));
  });
});
