import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, VolumeMount } from '../../lib/api/types.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { ContainerConfig, Mount } from '../runtime-contract.ts';
import type { VolumePaths, Volumes } from '../volumes/volumes.ts';
import { expand, unresolved } from './expansion.ts';
import type { PodHostname } from './hostname.ts';
import { hostNetworkHostsFile, hostsFile } from './hosts-file.ts';
import { configError } from './start-error.ts';

export interface MountInput {
  pod: Pod;
  container: Container;
  volumes: Volumes;
  paths: VolumePaths;
  env: ReadonlyMap<string, string>;
  podIPs: readonly string[];
  hostname: PodHostname;
  random: Random;
}

const HOSTS = '/etc/hosts';
const DEFAULT_MESSAGE_PATH = '/dev/termination-log';

/** A container's mounts: its volumes, the hosts file and the file for its last words. Source: kubelet_pods.go makeMounts. */
export async function containerMounts(input: MountInput): Promise<Mount[]> {
  const { container } = input;
  const mounts: Mount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) mounts.push(await volume(input, mount, index));
  // Whoever mounts a hosts file means it; and without an address there is nothing to say.
  if (!mounts.some(({ containerPath }) => containerPath === HOSTS)) mounts.push(await hostsMount(input));
  if (container.terminationMessagePath !== '') mounts.push(await messageMount(input));
  return mounts;
}

async function volume(input: MountInput, mount: VolumeMount, index: number): Promise<Mount> {
  const ready = input.paths.get(mount.name);
  if (!ready || ready.device)
    throw configError(`cannot find volume "${mount.name}" to mount into container "${input.container.name}"`);
  const subPath = subPathOf(mount, input.env);
  const hostPath = subPath ? await bindSubPath(input, mount, index, subPath) : ready.path;
  return {
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    hostPath,
    readonly: mount.readOnly || ready.readOnly || false,
    propagation: PROPAGATION[mount.mountPropagation ?? 'None'] ?? 'PRIVATE',
  };
}

/** Block volumes, as devices. Source: kubelet_pods.go makeBlockVolumes. */
export function containerDevices(container: Container, paths: VolumePaths): NonNullable<ContainerConfig['devices']> {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const ready = paths.get(name);
    if (!ready?.device) throw configError(`cannot find volume "${name}" to pass into container "${container.name}"`);
    return { containerPath: devicePath, hostPath: ready.path, permissions: ready.readOnly ? 'r' : 'mrw' };
  });
}

const PROPAGATION: Readonly<Record<string, NonNullable<Mount['propagation']>>> = {
  None: 'PRIVATE',
  HostToContainer: 'HOST_TO_CONTAINER',
  Bidirectional: 'BIDIRECTIONAL',
};

function subPathOf({ subPath, subPathExpr, name }: VolumeMount, env: ReadonlyMap<string, string>): string {
  if (!subPathExpr) return checked(subPath ?? '', name);
  const missing = unresolved(subPathExpr, env);
  if (missing.length) throw configError(`missing value for "${missing[0]}"`);
  return checked(expand(subPathExpr, env), name);
}

function checked(subPath: string, volumeName: string): string {
  if (subPath.startsWith('/')) throw configError(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw configError(`unable to provision SubPath \`${subPath}\` of volume ${volumeName}: must not contain '..'`);
  return subPath;
}

async function bindSubPath(
  { pod, container, volumes, paths }: MountInput,
  mount: VolumeMount,
  index: number,
  subPath: string,
) {
  try {
    return await volumes.subPath(pod, paths, { volume: mount.name, container: container.name, index, subPath });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw configError(
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}": ${message}`,
    );
  }
}

async function hostsMount({ pod, volumes, podIPs, hostname }: MountInput): Promise<Mount> {
  const folder = volumes.podFolder(pod.metadata!.uid!);
  const path = join(folder, 'etc-hosts');
  const text = pod.spec?.hostNetwork
    ? hostNetworkHostsFile(pod, await readFile(HOSTS, 'utf8'))
    : hostsFile(pod, podIPs, hostname);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  await writeFile(path, text, { mode: 0o644 });
  return { containerPath: HOSTS, hostPath: path };
}

/** Each instance of the container has a file of its own; any user in it may write. */
async function messageMount({ pod, container, volumes, random }: MountInput): Promise<Mount> {
  const folder = join(volumes.podFolder(pod.metadata!.uid!), 'containers', container.name);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const path = join(folder, random.suffix(8));
  await writeFile(path, '');
  await chmod(path, 0o666);
  return { containerPath: container.terminationMessagePath ?? DEFAULT_MESSAGE_PATH, hostPath: path };
}
