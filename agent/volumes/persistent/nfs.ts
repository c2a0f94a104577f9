import { mkdir } from 'node:fs/promises';
import type { NFSVolumeSource } from '../../../lib/api/types.ts';
import type { Mounter } from '../mount.ts';
import { mount } from './mount-command.ts';

/** mount(8) finds mount.nfs where nfs-common is installed, and says what is missing where it is not. */
export async function setUpNfs(
  target: string,
  { server, path, readOnly }: NFSVolumeSource,
  mountOptions: readonly string[],
  mounter: Mounter,
): Promise<string> {
  await mkdir(target, { recursive: true, mode: 0o750 });
  if ((await mounter.below(target)).includes(target)) return target;
  const options = [...(readOnly ? ['ro'] : []), ...mountOptions];
  // An IPv6 address stands in brackets before the path.
  const host = server.includes(':') ? `[${server}]` : server;
  await mount({ source: `${host}:${path}`, target, type: 'nfs', options });
  return target;
}
