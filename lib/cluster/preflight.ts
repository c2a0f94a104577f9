import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from './error.ts';

/** Programs that a cluster on this machine needs, with Debian's package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  ip: 'iproute2',
  nft: 'nftables',
  conntrack: 'conntrack',
  nsenter: 'util-linux',
  mount: 'mount',
};

export const CNI_BINARIES = '/usr/lib/cni';
const CNI_PLUGINS = ['ptp', 'host-local', 'loopback'];

/** The machine, as far as the check looks at it. */
export interface Machine {
  platform: string;
  uid: number;
  path: string;
  osRelease: string;
  isExecutable(file: string): boolean;
}

export function thisMachine(path: string): Machine {
  return {
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    path,
    osRelease: readOsRelease(),
    isExecutable,
  };
}

/** Says everything that is missing at once, and what to do about it. */
export function preflight(machine: Machine): void {
  const { platform, uid } = machine;
  if (platform !== 'linux') throw new ClusterError(`a cluster on this machine needs Linux, this is ${platform}`);
  const missing = missingPackages(machine);
  const faults = [
    ...(uid === 0 ? [] : ['root: nodes are made of network namespaces and cgroups. Run it with sudo.']),
    ...(missing.length === 0 ? [] : [packagesAdvice(missing, machine.osRelease)]),
  ];
  if (faults.length > 0)
    throw new ClusterError(`missing on this machine:\n${faults.map((f) => `  - ${f}`).join('\n')}`);
}

export function missingPackages(machine: Machine): string[] {
  const folders = machine.path.split(':').filter(Boolean);
  const packages = Object.entries(PROGRAMS)
    .filter(([program]) => !folders.some((folder) => machine.isExecutable(join(folder, program))))
    .map(([, name]) => name);
  const plugins = CNI_PLUGINS.every((plugin) => machine.isExecutable(join(CNI_BINARIES, plugin)));
  return [...new Set([...packages, ...(plugins ? [] : ['containernetworking-plugins'])])];
}

function packagesAdvice(packages: string[], osRelease: string): string {
  const list = packages.join(' ');
  const debian = /^ID(_LIKE)?=.*debian/m.test(osRelease);
  if (debian) return `Debian packages: ${list}. Install them with: apt-get install --yes ${list}`;
  return `programs of the Debian packages ${list}. This is not Debian: install their equivalents (CNI plugins in ${CNI_BINARIES}).`;
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return ''; // it is only used to word advice
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
