import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlPlaneCommand } from '../../lib/cluster/daemon-command.ts';
import type { ControlPlaneConfig } from '../../lib/cluster/daemon-config.ts';
import type { BenchPki } from './pki.ts';
import { Processes } from './processes.ts';
import type { Target } from './target.ts';

export interface ZeroplaneOptions {
  root: string;
  folder: string;
  port: number;
  pki: BenchPki;
}

/** The control plane as `zeroplane up` starts it, without nodes. */
export function zeroplane({ root, folder, port, pki }: ZeroplaneOptions): Target {
  mkdirSync(folder, { recursive: true });
  const processes = new Processes(folder);
  const start = async () => {
    const file = join(folder, 'config.json');
    writeFileSync(file, JSON.stringify(configuration(folder, port, pki)));
    const [command, ...args] = controlPlaneCommand(process.execPath, join(root, 'dist/control-plane.js'));
    processes.spawn(command!, [...args, file]);
  };
  return {
    name: 'Zeroplane',
    endpoint: pki.endpoint(port),
    start,
    pids: () => processes.pids(),
    stop: () => processes.stop(),
  };
}

function configuration(folder: string, port: number, pki: BenchPki): ControlPlaneConfig {
  return {
    version: '0.1.0',
    database: join(folder, 'zeroplane.db'),
    encryptionKeys: join(folder, 'encryption-keys.json'),
    pki: pki.folder,
    listen: [{ host: '127.0.0.1', port }],
    advertise: { address: '192.0.2.1', port },
    podCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/16',
    dnsDomain: 'cluster.local',
    dnsIP: '10.96.0.10',
  };
}
