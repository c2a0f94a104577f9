import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PlayedEc2 } from './ec2.ts';
import { machinesFolder, netnsOf } from './tear-down.ts';

const execute = promisify(execFile);

/** Brings image archives into an instance, once its containerd runs. */
export function loadImages(ec2: PlayedEc2, instanceId: string, files: readonly string[]): void {
  for (const file of files) ctr(ec2, instanceId, 'images', 'import', file);
}

/** The same without holding up this process, which plays the rest of EC2 too. False: its containerd does not answer yet. */
export async function tryLoadImages(ec2: PlayedEc2, instanceId: string, files: readonly string[]): Promise<boolean> {
  const socket = socketOf(ec2, instanceId);
  if (!existsSync(socket)) return false;
  try {
    for (const file of files)
      await execute('ctr', ['--address', socket, '--namespace', 'k8s.io', 'images', 'import', file]);
    return true;
  } catch {
    return false; // it just starts, or has ended
  }
}

export function containerPid(ec2: PlayedEc2, instanceId: string, containerID: string): number {
  const id = containerID.replace('containerd://', '');
  const row = ctr(ec2, instanceId, 'tasks', 'list')
    .split('\n')
    .find((line) => line.startsWith(id));
  return Number(row?.split(/\s+/)[1]);
}

export function agentPid(instanceId: string): number {
  const pids = execFileSync('ip', ['netns', 'pids', netnsOf(instanceId)], { encoding: 'utf8' });
  return Number(pids.split('\n').filter(Boolean).find(isAgent));
}

function isAgent(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0/opt/zeroplane/agent.js\0');
  } catch {
    return false; // it has ended meanwhile
  }
}

function socketOf({ state }: PlayedEc2, instanceId: string): string {
  return join(machinesFolder(state), instanceId, 'lib/containerd/containerd.sock');
}

function ctr(ec2: PlayedEc2, instanceId: string, ...args: string[]): string {
  return execFileSync('ctr', ['--address', socketOf(ec2, instanceId), '--namespace', 'k8s.io', ...args], {
    encoding: 'utf8',
  });
}
