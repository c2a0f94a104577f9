import { readFile, statfs } from 'node:fs/promises';
import type { ContainerdSettings } from './config.ts';

/** linux/magic.h: OVERLAYFS_SUPER_MAGIC. Inside a container the state may lie on an overlay, which cannot be an upper layer. */
const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
/** linux/capability.h */
const CAP_SYS_RESOURCE = 24n;

/** What this machine allows. `folder` must exist. */
export async function detectSettings(folder: string, cniBinaries: string): Promise<ContainerdSettings> {
  const status = await readFile('/proc/self/status', 'utf8');
  const { type } = await statfs(folder);
  return {
    cniBinaries,
    snapshotter: type === OVERLAYFS_SUPER_MAGIC ? 'native' : 'overlayfs',
    restrictOomScoreAdj: !hasCapability(status, CAP_SYS_RESOURCE),
  };
}

export function hasCapability(procStatus: string, capability: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(procStatus)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
}
