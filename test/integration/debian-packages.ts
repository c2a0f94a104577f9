import { execFileSync, spawnSync } from 'node:child_process';

/** Installs what a test runs beside the cluster: command → the Debian package that has it. Needs root only for what is missing. */
export function debianPackages(commands: Readonly<Record<string, string>>): void {
  const missing = Object.entries(commands).filter(
    ([command]) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0,
  );
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => execFileSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update', '-qq');
  apt('install', '--yes', '--no-install-recommends', '-qq', ...missing.map(([, name]) => name));
}
