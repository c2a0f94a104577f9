import { execFileSync, spawnSync } from 'node:child_process';

/** Installs what a test runs beside the cluster: command → the Debian package that has it. Where it cannot, it says what is missing. */
export function debianPackages(commands: Readonly<Record<string, string>>): void {
  const missing = Object.entries(commands).filter(([command]) => !isThere(command));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(([, name]) => name))];
  if (process.getuid?.() !== 0 || !isThere('apt-get'))
    throw new Error(`missing: ${missing.map(([command]) => command).join(', ')} (Debian packages ${names.join(', ')})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => execFileSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update', '-qq');
  apt('install', '--yes', '--no-install-recommends', '-qq', ...names);
}

function isThere(command: string): boolean {
  return spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin; command -v ${command}`]).status === 0;
}
