import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ShimSettings, shims } from './shims.ts';
import { machinesFolder, netnsOf } from './tear-down.ts';

export interface MachineOptions extends ShimSettings {
  /** Where all machines of the test are kept. */
  state: string;
  instanceId: string;
  userData: string;
}

/** A machine's own: where on the machine, and as what in its folder. */
const OWN_FOLDERS: Readonly<Record<string, string>> = {
  '/etc/zeroplane': 'etc',
  '/opt/zeroplane': 'opt',
  '/etc/systemd/system': 'units',
  '/var/lib/zeroplane': 'lib',
  '/var/cache/zeroplane': 'cache',
  '/var/log': 'log',
  // Sockets of containerd's shims.
  '/run/containerd': 'run',
};

/** Mounts need something to be mounted on. */
export const MOUNT_POINTS = Object.keys(OWN_FOLDERS);

/** Boots an instance: a network namespace (made before) and a mount namespace with folders of its own, in which its user data runs. */
export function boot({ state, instanceId, userData, ...settings }: MachineOptions): void {
  const folder = machineFolder(state, instanceId);
  for (const name of [...Object.values(OWN_FOLDERS), 'bin']) mkdirSync(join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(shims(settings)))
    writeFileSync(join(folder, 'bin', name), text, { mode: 0o755 });
  const binds = Object.entries(OWN_FOLDERS).map(([target, name]) => `mount --bind "${join(folder, name)}" ${target}`);
  writeFileSync(join(folder, 'user-data'), userData, { mode: 0o755 });
  const script = `set -e
${binds.join('\n')}
export PATH="${join(folder, 'bin')}:$PATH"
exec "${join(folder, 'user-data')}"`;
  const log = openSync(join(folder, 'user-data.log'), 'a');
  // Only network and mounts are its own: `ip netns exec` would also hide the cgroups.
  const command = [
    `--net=/run/netns/${netnsOf(instanceId)}`,
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'bash',
    '-c',
    script,
  ];
  const child = spawn('nsenter', command, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  child.unref();
}

function machineFolder(state: string, instanceId: string): string {
  return join(machinesFolder(state), instanceId);
}

/** What the machine said so far: its user data and its agent. */
export function machineLog(state: string, instanceId: string): string {
  const read = (name: string) => {
    try {
      return readFileSync(join(machineFolder(state, instanceId), name), 'utf8');
    } catch {
      return ''; // it has not said anything yet
    }
  };
  return `${read('user-data.log')}${read('log/zeroplane-service.log')}`;
}
