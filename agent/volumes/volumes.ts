import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPathVolumeSource, Pod, Volume } from '../../lib/api/types.ts';
import type { AgentContext } from '../context.ts';
import { volumeFolder } from '../pods/paths.ts';
import { writeAtomically } from './atomic-writer.ts';
import { configMapPayload, secretPayload } from './config-map.ts';
import type { KubeletRoot } from './csi/kubelet-root.ts';
import { type DownwardFacts, downwardPayload } from './downward-api.ts';
import { setUpEmptyDir } from './empty-dir.ts';
import { setUpHostPath } from './host-path.ts';
import type { Mounter } from './mount.ts';
import { giveToGroup } from './ownership.ts';
import { type Payload, VolumeError } from './payload.ts';
import type { PersistentVolumes } from './persistent/persistent.ts';
import { existing, projectedPayload } from './projected.ts';
import type { ReadyVolume, VolumePaths } from './ready-volume.ts';
import type { ContentSource } from './sources.ts';
import { bindSubPath } from './sub-path.ts';

export type { VolumePaths } from './ready-volume.ts';

export interface VolumesDependencies {
  context: AgentContext;
  content: ContentSource;
  mounter: Mounter;
  persistent: PersistentVolumes;
  root: KubeletRoot;
}

/** The volumes of pods: set up before the containers, kept up to date, removed with the pod. */
export class Volumes {
  readonly #context: AgentContext;
  readonly #content: ContentSource;
  readonly #mounter: Mounter;
  readonly #persistent: PersistentVolumes;
  readonly #root: KubeletRoot;

  constructor({ context, content, mounter, persistent, root }: VolumesDependencies) {
    this.#context = context;
    this.#content = content;
    this.#mounter = mounter;
    this.#persistent = persistent;
    this.#root = root;
  }

  podFolder(uid: string): string {
    return join(this.#context.config.podsDir, uid);
  }

  /** Idempotent. Throws VolumeError with all that is missing. */
  async setUp(pod: Pod, facts: DownwardFacts): Promise<VolumePaths> {
    const volumes = pod.spec?.volumes ?? [];
    const results = await Promise.allSettled(volumes.map((volume) => this.#setUpOne(pod, volume, facts)));
    const paths = new Map<string, ReadyVolume>();
    for (const [i, result] of results.entries()) {
      const { name } = volumes[i]!;
      if (result.status === 'rejected') throw failed(name, result.reason);
      paths.set(name, result.value);
    }
    return paths;
  }

  /** A bind mount of a path inside a volume for one container's mount. */
  subPath(pod: Pod, paths: VolumePaths, mount: SubPathMount): Promise<string> {
    const { volume, container, index, subPath } = mount;
    const folder = join(this.podFolder(pod.metadata!.uid!), 'volume-subpaths', volume, container, String(index));
    return bindSubPath(paths.get(volume)!.path, subPath, folder, this.#mounter);
  }

  /** Removes a pod's folder and all mounts in it. */
  async tearDown(uid: string): Promise<void> {
    await this.tearDownVolumes(uid);
    await this.#remove(this.podFolder(uid));
  }

  /** A pod that has ended keeps only the last words of its containers. */
  async tearDownVolumes(uid: string): Promise<void> {
    // Bind mounts of a volume's parts go before the volume.
    await this.#remove(join(this.podFolder(uid), 'volume-subpaths'));
    const release = await this.#persistent.beforeRemoval(uid);
    for (const part of ['volumes', 'volumeDevices']) await this.#remove(join(this.podFolder(uid), part));
    await release();
  }

  async #remove(folder: string): Promise<void> {
    for (const point of await this.#mounter.below(folder)) await this.#mounter.unmount(point);
    // Below a mount lie other people's files.
    const left = await this.#mounter.below(folder);
    if (left.length > 0) throw new VolumeError(`still mounted: ${left.join(', ')}`);
    await rm(folder, { recursive: true, force: true });
  }

  async #setUpOne(pod: Pod, volume: Volume, facts: DownwardFacts): Promise<ReadyVolume> {
    if (volume.hostPath) return { path: await this.#hostPath(volume.hostPath) };
    if (volume.persistentVolumeClaim || volume.ephemeral) return this.#persistent.setUpClaim(pod, volume);
    if (volume.csi) return this.#persistent.setUpInlineCsi(pod, volume);
    if (volume.nfs) return this.#persistent.setUpNfs(pod, volume);
    return { path: await this.#setUpOwn(pod, volume, facts) };
  }

  #hostPath(source: HostPathVolumeSource): Promise<string> {
    return setUpHostPath({ ...source, path: this.#root.onHost(source.path) });
  }

  /** Volumes that live and die with the pod, made by the agent. */
  async #setUpOwn(pod: Pod, volume: Volume, facts: DownwardFacts): Promise<string> {
    const group = pod.spec?.securityContext?.fsGroup;
    if (volume.emptyDir) {
      const folder = this.#folder(pod, 'empty-dir', volume.name);
      await setUpEmptyDir(folder, volume.emptyDir, pod, this.#mounter);
      if (group !== undefined) await giveToGroup(folder, group, false);
      return folder;
    }
    const plugin = contentPlugin(volume);
    const payload = await this.#payload(pod, volume, facts);
    const folder = this.#folder(pod, plugin, volume.name);
    await this.#prepare(folder, plugin);
    await writeAtomically(
      folder,
      payload,
      group === undefined ? undefined : (fresh) => giveToGroup(fresh, group, true),
    );
    return folder;
  }

  #folder(pod: Pod, plugin: string, name: string): string {
    return volumeFolder(this.#context.config.podsDir, pod.metadata!.uid!, plugin, name);
  }

  /** Secrets never reach the disk. */
  async #prepare(folder: string, plugin: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    if (plugin !== 'secret' && plugin !== 'projected') return;
    if (!(await this.#mounter.below(folder)).includes(folder)) await this.#mounter.tmpfs(folder, ['mode=0755']);
  }

  async #payload(pod: Pod, volume: Volume, facts: DownwardFacts): Promise<Payload> {
    const { configMap, secret, downwardAPI, projected } = volume;
    if (configMap) {
      const object = await existing(this.#content.configMap, 'configmap', pod, configMap);
      return configMapPayload(object, configMap, configMap.defaultMode);
    }
    if (secret) {
      const source = { name: secret.secretName, optional: secret.optional };
      return secretPayload(await existing(this.#content.secret, 'secret', pod, source), secret, secret.defaultMode);
    }
    if (downwardAPI) return downwardPayload(pod, downwardAPI.items ?? [], facts, downwardAPI.defaultMode);
    return projectedPayload(pod, volume.name, projected!, this.#content, facts);
  }
}

export interface SubPathMount {
  volume: string;
  container: string;
  index: number;
  subPath: string;
}

const CONTENT_PLUGINS = {
  configMap: 'configmap',
  secret: 'secret',
  downwardAPI: 'downward-api',
  projected: 'projected',
} as const;

function contentPlugin(volume: Volume): string {
  for (const [field, plugin] of Object.entries(CONTENT_PLUGINS)) if (volume[field as keyof Volume]) return plugin;
  throw new VolumeError('no volume plugin matched');
}

function failed(name: string, cause: unknown): VolumeError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const volume = (cause instanceof VolumeError && cause.persistentVolume) || name;
  const operation = cause instanceof VolumeError ? cause.operation : 'MountVolume.SetUp';
  return new VolumeError(`${operation} failed for volume "${volume}" : ${message}`, { cause });
}
