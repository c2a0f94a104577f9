import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
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
    processes.spawn(process.execPath, [join(root, 'dist/control-plane.js'), pki.folder, String(port)]);
  };
  return {
    name: 'Zeroplane',
    endpoint: pki.endpoint(port),
    start,
    pids: () => processes.pids(),
    stop: () => processes.stop(),
  };
}
