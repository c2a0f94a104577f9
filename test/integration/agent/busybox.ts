import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ociArchive } from '../../../agent/runtime/images/oci-archive.ts';
import { imageArchitecture } from '../../../agent/runtime/images/pause.ts';
import { debianPackages } from '../debian-packages.ts';

export const BUSYBOX = 'docker.io/zeroplane-test/busybox:1';

const APPLETS = 'sh sleep cat ls echo env id nc date touch test hostname mkdir tail grep stat mount'.split(' ');

/** Debian's static one: it runs in an image that holds nothing else. */
export function busyboxBinary(): Buffer {
  debianPackages({ busybox: 'busybox-static' });
  return readFileSync('/bin/busybox');
}

/** An image of it; each applet is a script, as archives here hold plain files only. */
export function busyboxArchive(folder: string): string {
  const path = join(folder, 'busybox.tar');
  const binary = { path: 'bin/busybox', content: busyboxBinary(), mode: 0o755 };
  const applets = APPLETS.map((name) => ({
    path: `bin/${name}`,
    content: Buffer.from(`#!/bin/busybox sh\nexec /bin/busybox ${name} "$@"\n`),
    mode: 0o755,
  }));
  const config = { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] };
  const architecture = imageArchitecture(process.arch);
  writeFileSync(path, ociArchive({ name: BUSYBOX, architecture, files: [binary, ...applets], config }));
  return path;
}
