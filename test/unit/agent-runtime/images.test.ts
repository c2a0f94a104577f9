import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerdConfig } from '../../../agent/runtime/containerd/config.ts';
import { containerdPaths } from '../../../agent/runtime/containerd/paths.ts';
import { hasCapability } from '../../../agent/runtime/containerd/settings.ts';
import { mountPoints } from '../../../agent/runtime/containerd/teardown.ts';
import { fullImageName } from '../../../agent/runtime/images/names.ts';
import { pauseImage, SANDBOX_IMAGE } from '../../../agent/runtime/images/pause.ts';
import { pauseBinary } from '../../../agent/runtime/images/pause-binary.ts';

describe('the sandbox image', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pause-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is an OCI layout whose blobs are what their names say', () => {
    const archive = join(folder, 'pause.tar');
    writeFileSync(archive, pauseImage('amd64'));
    execFileSync('tar', ['-xf', archive, '-C', folder]);
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
    expect(index.manifests[0].annotations['io.containerd.image.name']).toBe(SANDBOX_IMAGE);
    const sums = execFileSync('sh', ['-c', 'cd blobs/sha256 && sha256sum *'], { cwd: folder, encoding: 'utf8' });
    const lines = sums.trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.split(/\s+/)[0]).toBe(line.split(/\s+/)[1]);
  });

  test.each(['amd64', 'arm64'] as const)('has a program of a few hundred bytes for %s', (architecture) => {
    const binary = pauseBinary(architecture);
    expect(binary.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(binary.length).toBeLessThan(300);
    expect(binary.readBigUInt64LE(96)).toBe(BigInt(binary.length));
  });

  test('its program ends on SIGTERM and SIGINT with 0', () => {
    const file = join(folder, 'pause');
    const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
    writeFileSync(file, pauseBinary(machine), { mode: 0o755 });
    for (const signal of ['TERM', 'INT'])
      expect(() => execFileSync('sh', ['-c', `${file} & sleep 0.05; kill -${signal} $!; wait $!`])).not.toThrow();
  });
});

test.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['busybox:1', 'docker.io/library/busybox:1'],
  ['user/app', 'docker.io/user/app:latest'],
  ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['localhost/app:1', 'localhost/app:1'],
  ['index.docker.io/library/app:1', 'docker.io/library/app:1'],
  ['app@sha256:abc', 'docker.io/library/app@sha256:abc'],
  ['app:1@sha256:abc', 'docker.io/library/app@sha256:abc'],
])('the image %s is in full %s', (name, full) => expect(fullImageName(name)).toBe(full));

test('containerd keeps everything below its folder', () => {
  const settings = { cniBinaries: '/cni', snapshotter: 'overlayfs', restrictOomScoreAdj: true } as const;
  const config = containerdConfig(containerdPaths('/state/c'), settings);
  const paths = Array.from(config.matchAll(/"(\/[^"]*)"/g), (match) => match[1] as string);
  expect(paths.filter((path) => !path.startsWith('/state/c/'))).toEqual(['/cni']);
  expect(config).toContain('restrict_oom_score_adj = true');
});

test('a capability is read from the mask of /proc/self/status', () => {
  const status = 'Name:\tnode\nCapEff:\t000001fffeffffff\nSeccomp:\t0\n';
  expect(hasCapability(status, 24n)).toBe(false);
  expect(hasCapability(status, 21n)).toBe(true);
});

test('mount points are read with their blanks', () => {
  const line = '36 35 98:0 / /mnt/a\\040b rw,noatime master:1 - ext3 /dev/root rw';
  expect(mountPoints(`${line}\n`)).toEqual(['/mnt/a b']);
});
