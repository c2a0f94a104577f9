// The images that the conformance suite names, made from Debian packages, the Go module cache and the peers' builds.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage, type ImageDefinition } from '../../scripts/image.ts';

const E2E = 'registry.k8s.io/e2e-test-images';

export interface ImageSources {
  /** Folder of the peers' builds: agnhost, etcd, nnp, sample-apiserver. */
  peers: string;
  /** The Go module k8s.io/kubernetes. */
  kubernetes: string;
  /** Where archives are kept between runs. */
  cache: string;
}

const tools = [
  'busybox',
  'libc-bin',
  'bash',
  'libc-bin',
  'curl',
  'bind9-dnsutils',
  'bind9-host',
  'netcat-openbsd',
  'iproute2',
  'iperf',
  'socat',
  'util-linux',
  'ca-certificates',
];

function agnhost({ peers, kubernetes }: ImageSources, name: string): ImageDefinition {
  const porter = join(kubernetes, 'test/images/agnhost/porter');
  return {
    name,
    packages: tools,
    busyboxLinks: true,
    files: {
      '/agnhost': { source: join(peers, 'agnhost'), mode: 0o755 },
      '/localhost.crt': { source: join(porter, 'localhost.crt') },
      '/localhost.key': { source: join(porter, 'localhost.key') },
    },
    // What netcat-openbsd's maintainer script would link: busybox' nc lacks the options that the suite uses.
    links: { '/agnhost-2': 'agnhost', '/bin/nc': 'nc.openbsd' },
    directories: { '/uploads': 0o755 },
    passwd: ['user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh'],
    group: ['user-defined-in-image:x:1000:', 'group-defined-in-image:x:50000:user-defined-in-image'],
    config: { Entrypoint: ['/agnhost'], Cmd: ['pause'] },
  };
}

function website(sources: ImageSources, pet: string, tag: string): ImageDefinition {
  const html = join(sources.kubernetes, `test/images/${pet}/html`);
  const image = agnhost(sources, `${E2E}/${pet}:${tag}`);
  return {
    ...image,
    files: {
      ...image.files,
      [`/${pet}.jpg`]: { source: join(html, `${pet}.jpg`) },
      '/data.json': { source: join(html, 'data.json') },
    },
    config: { Entrypoint: ['/agnhost'], Cmd: ['test-webserver'] },
  };
}

function nginx(tag: string): ImageDefinition {
  return {
    name: `${E2E}/nginx:${tag}`,
    packages: ['nginx-light', 'busybox', 'libnss-myhostname'],
    busyboxLinks: true,
    passwd: ['www-data:x:33:33:www-data:/var/www:/bin/sh'],
    group: ['www-data:x:33:', 'adm:x:4:'],
    directories: { '/var/log/nginx': 0o755, '/var/lib/nginx': 0o755, '/usr/share/nginx/html': 0o755 },
    files: {
      '/usr/share/nginx/html/index.html': {
        content: '<!DOCTYPE html>\n<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>\n',
      },
      '/etc/nginx/nginx.conf': {
        content:
          'user www-data;\nerror_log /dev/stderr;\npid /tmp/nginx.pid;\nevents {}\nhttp { include mime.types; access_log /dev/stdout; server { listen 80; root /usr/share/nginx/html; } }\n',
      },
    },
    config: { Cmd: ['nginx', '-g', 'daemon off;'], ExposedPorts: { '80/tcp': {} } },
  };
}

export function conformanceImages(sources: ImageSources): ImageDefinition[] {
  const busybox: ImageDefinition = {
    name: `${E2E}/busybox:1.37.0-2`,
    packages: ['busybox', 'bash'],
    busyboxLinks: true,
    // Debian's older busybox shell drops variables whose names are no identifiers, which tests print with `sh -c env`;
    // the words of errors that they expect are those of its /bin/sh.
    links: { '/usr/local/bin/sh': '/bin/bash' },
    config: { Cmd: ['sh'] },
  };
  return [
    agnhost(sources, `${E2E}/agnhost:2.66.1`),
    agnhost(sources, `${E2E}/agnhost:2.55`),
    busybox,
    { ...busybox, name: `${E2E}/busybox:1.36.1-1` },
    nginx('1.28.0-2'),
    nginx('1.27.0-2'),
    website(sources, 'nautilus', '1.8'),
    website(sources, 'kitten', '1.8'),
    { ...agnhost(sources, `${E2E}/glibc-dns-testing:2.1.1`), config: { Cmd: ['bash'] } },
    {
      ...busybox,
      name: `${E2E}/nonewprivs:1.4`,
      files: { '/usr/local/bin/nnp': { source: join(sources.peers, 'nnp'), mode: 0o4755 } },
      config: { Cmd: ['nnp'] },
    },
    { ...busybox, name: `${E2E}/nonroot:1.5`, config: { Cmd: ['sh'], User: '1234' } },
    { name: `${E2E}/perl:5.26`, packages: ['perl', 'busybox'], busyboxLinks: true, config: { Cmd: ['perl'] } },
    { ...busybox, name: `${E2E}/ipc-utils:1.4`, packages: ['busybox', 'bash', 'util-linux'] },
    {
      name: 'registry.k8s.io/pause:3.10.2',
      files: { '/agnhost': { source: join(sources.peers, 'agnhost'), mode: 0o755 } },
      config: { Entrypoint: ['/agnhost', 'pause'] },
    },
    {
      name: 'registry.k8s.io/etcd:3.7.0-0',
      packages: ['busybox'],
      busyboxLinks: true,
      files: { '/usr/local/bin/etcd': { source: join(sources.peers, 'etcd'), mode: 0o755 } },
      config: { Cmd: ['etcd'] },
    },
    {
      name: `${E2E}/sample-apiserver:1.29.2`,
      files: { '/sample-apiserver': { source: join(sources.peers, 'sample-apiserver'), mode: 0o755 } },
      config: { Entrypoint: ['/sample-apiserver'] },
    },
  ].filter((image) =>
    Object.values((image as ImageDefinition).files ?? {}).every((file) => !file.source || existsSync(file.source)),
  );
}

/** Paths of the archives, made where they are missing or where what they are made from has changed. */
export function buildConformanceImages(sources: ImageSources, progress: (name: string) => void): string[] {
  mkdirSync(sources.cache, { recursive: true });
  return conformanceImages(sources).map((definition) => {
    const stamp = createHash('sha256').update(JSON.stringify(definition)).digest('hex').slice(0, 12);
    const out = join(sources.cache, `${definition.name.split('/').at(-1)!.replace(':', '-')}-${stamp}.tar`);
    if (!existsSync(out)) {
      progress(definition.name);
      buildImage(definition, '/', out);
    }
    return out;
  });
}

/** The 462 names, one a line. */
export function readNames(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
}
