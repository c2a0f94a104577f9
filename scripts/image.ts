// Makes a container image from Debian packages and local files, without a registry or a container engine.
// usage: node scripts/image.ts DEFINITION.json OUT.tar      (DEFINITION: ImageDefinition; `source` paths are relative to it)
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export interface ImageDefinition {
  /** Full name with its tag: `docker.io/local/web:1`. */
  name: string;
  /** Debian packages, unpacked with all they depend on; their maintainer scripts do not run. */
  packages?: string[];
  /** `busybox` gives its applets a link each in /bin. */
  busyboxLinks?: boolean;
  /** Path in the image → what stands there. */
  files?: Record<string, { content?: string; source?: string; mode?: number }>;
  links?: Record<string, string>;
  directories?: Record<string, number>;
  /** Extra lines of /etc/passwd and /etc/group. */
  passwd?: string[];
  group?: string[];
  /** The image's config as the OCI image specification names it: Entrypoint, Cmd, Env, User, WorkingDir. */
  config?: Record<string, unknown>;
}

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Writes a docker archive; `base` is the folder that relative sources start from. */
export function buildImage(definition: ImageDefinition, base: string, out: string): void {
  const work = mkdtempSync(join(tmpdir(), 'zeroplane-image-'));
  try {
    const root = join(work, 'root');
    for (const folder of ['bin', 'etc', 'root', 'proc', 'sys', 'dev', 'usr/bin', 'usr/local/bin', 'var/run'])
      mkdirSync(join(root, folder), { recursive: true });
    mkdirSync(join(root, 'tmp'));
    chmodSync(join(root, 'tmp'), 0o1777);
    if (definition.packages?.length) unpackPackages(definition.packages, join(work, 'apt'), root);
    if (definition.busyboxLinks) linkBusybox(root);
    writeFiles(definition, base, root);
    writeArchive(definition, work, root, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** apt against an empty dpkg status resolves the whole closure; nothing on the machine is installed. */
function unpackPackages(packages: string[], work: string, root: string): void {
  mkdirSync(join(work, 'archives/partial'), { recursive: true });
  writeFileSync(join(work, 'status'), '');
  const options = [
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::Cache::archives=${join(work, 'archives')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=root',
  ];
  const flags = ['-y', '-qq', '--no-install-recommends', '--download-only', ...options.flatMap((o) => ['-o', o])];
  const download = () => execFileSync('apt-get', ['install', ...flags, ...packages], { stdio: 'pipe' });
  try {
    download();
  } catch {
    // A machine that never asked for the lists has none, and old lists name files that are gone.
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'] });
    download();
  }
  for (const file of readdirSync(join(work, 'archives')).filter((f) => f.endsWith('.deb')))
    execFileSync('dpkg', ['-x', join(work, 'archives', file), root]);
  for (const folder of ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info'])
    rmSync(join(root, folder), { recursive: true, force: true });
}

function linkBusybox(root: string): void {
  const busybox = join(root, 'bin/busybox');
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean)) {
    const taken = ['bin', 'usr/bin', 'sbin', 'usr/sbin'].some((folder) => existsSync(join(root, folder, applet)));
    if (!taken) symlinkSync('/bin/busybox', join(root, 'bin', applet));
  }
}

function writeFiles(definition: ImageDefinition, base: string, root: string): void {
  const passwd = [
    'root:x:0:0:root:/root:/bin/sh',
    'nobody:x:65534:65534:nobody:/:/bin/false',
    ...(definition.passwd ?? []),
  ];
  const group = ['root:x:0:', 'nogroup:x:65534:', ...(definition.group ?? [])];
  writeFileSync(join(root, 'etc/passwd'), `${passwd.join('\n')}\n`);
  writeFileSync(join(root, 'etc/group'), `${group.join('\n')}\n`);
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  for (const [path, mode] of Object.entries(definition.directories ?? {})) {
    mkdirSync(join(root, path), { recursive: true });
    chmodSync(join(root, path), mode);
  }
  for (const [path, file] of Object.entries(definition.files ?? {})) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    if (file.source) cpSync(resolve(base, file.source), target, { dereference: true });
    else writeFileSync(target, file.content ?? '');
    chmodSync(target, file.mode ?? 0o644);
  }
  for (const [path, target] of Object.entries(definition.links ?? {})) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    rmSync(join(root, path), { force: true });
    symlinkSync(target, join(root, path));
  }
}

/** Docker's image archive (manifest.json beside a config and one layer), which every containerd imports. */
function writeArchive(definition: ImageDefinition, work: string, root: string, out: string): void {
  const layer = join(work, 'layer.tar');
  execFileSync('tar', [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '-C',
    root,
    '-cf',
    layer,
    '.',
  ]);
  const diffId = execFileSync('sha256sum', [layer], { encoding: 'utf8' }).slice(0, 64);
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], ...definition.config },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'scripts/image.ts' }],
  });
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  writeFileSync(join(work, configName), config);
  writeFileSync(
    join(work, 'manifest.json'),
    JSON.stringify([{ Config: configName, RepoTags: [definition.name], Layers: ['layer.tar'] }]),
  );
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const partial = `${out}.partial`;
  execFileSync('tar', ['-C', work, '-cf', partial, 'manifest.json', configName, 'layer.tar']);
  renameSync(partial, out);
}

if (process.argv[1] === import.meta.filename) {
  const [definition, out] = process.argv.slice(2);
  if (!definition || !out) {
    console.error('usage: node scripts/image.ts DEFINITION.json OUT.tar');
    process.exit(2);
  }
  buildImage(JSON.parse(readFileSync(definition, 'utf8')), dirname(resolve(definition)), out);
}
