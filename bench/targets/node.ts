import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerdPaths } from '../../agent/runtime/containerd/paths.ts';
import type { Endpoint } from '../http.ts';

export interface BenchNode {
  folder: string;
  endpoint: Endpoint;
  /** The container runtime's. */
  socket: string;
}

/** Runs with a cluster of one real node, and takes it down. Needs root. */
export async function withNode<T>(root: string, measure: (node: BenchNode) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-'));
  const name = `bench-${process.pid}`;
  const state = join(folder, 'state');
  const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') };
  const zeroplane = (command: string, ...args: string[]) => {
    const all = [join(root, 'dist/zeroplane.js'), command, '--name', name, '--state-dir', state, ...args];
    execFileSync(process.execPath, all, { env, stdio: 'ignore' });
  };
  try {
    zeroplane('up');
    const { port } = JSON.parse(readFileSync(join(state, 'cluster.json'), 'utf8'));
    const { socket } = containerdPaths(join(state, 'nodes/node-1/containerd'));
    return await measure({ folder, endpoint: endpointOf(port, state), socket });
  } finally {
    zeroplane('down', '--delete');
    rmSync(folder, { recursive: true, force: true });
  }
}

function endpointOf(port: number, state: string): Endpoint {
  const pem = (file: string) => readFileSync(join(state, 'pki', file), 'utf8');
  return { host: '127.0.0.1', port, ca: pem('ca.crt'), cert: pem('admin.crt'), key: pem('admin.key') };
}
