import { createHash } from 'node:crypto';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { CSIDriver, PersistentVolume, Pod, SecretReference, Volume } from '../../../lib/api/types.ts';
import { attachmentName, needsAttach, uniqueVolumeName } from '../../../lib/api/volumes/attachment.ts';
import { capacityBytes } from '../../../lib/api/volumes/claim.ts';
import { modeOf } from '../../../lib/api/volumes/match-volume.ts';
import { csiDrivers, volumeAttachments } from '../../../lib/client/resource-type.ts';
import type { AgentContext } from '../../context.ts';
import type { Mounter } from '../mount.ts';
import { giveVolumeToGroup } from '../ownership.ts';
import { VolumeError } from '../payload.ts';
import type { Turns } from '../persistent/turns.ts';
import type { ReadyVolume } from '../ready-volume.ts';
import type { ContentSource } from '../sources.ts';
import { callSocket } from './call.ts';
import { agentOwnsFiles, volumeCapability } from './capability.ts';
import type { Driver, Drivers } from './drivers.ts';
import type { KubeletRoot } from './kubelet-root.ts';
import { NodeServiceCapability_RPC_Type as Capability, NodeDefinition } from './proto/csi.ts';
import { podContext } from './volume-context.ts';
import { allVolumeData, saveVolumeData, type VolumeData, volumeDataOf } from './volume-data.ts';

const { methods } = NodeDefinition;

export interface CsiParts {
  context: AgentContext;
  content: ContentSource;
  mounter: Mounter;
  drivers: Drivers;
  root: KubeletRoot;
  turns: Turns;
  /** Tells the cluster what is in use: an attached volume is mounted only when nobody would detach it any more. */
  report(): Promise<void>;
}

/** What one mounting needs to know. */
interface Mounting {
  pod: Pod;
  /** As a PersistentVolume, also where the pod has it inline. */
  volume: Pick<PersistentVolume, 'spec'>;
  name: string;
  ephemeral: boolean;
  readOnly: boolean;
  driver: Driver;
  object: CSIDriver | undefined;
  capabilities: ReadonlySet<number>;
  publishContext: Record<string, string>;
  attachment: string;
}

/** Volumes that drivers bring: attached by others, staged once for the node, published for each pod. Source: pkg/volume/csi. */
export class CsiVolumes {
  readonly #parts: CsiParts;

  constructor(parts: CsiParts) {
    this.#parts = parts;
  }

  async setUp(
    pod: Pod,
    volume: Stored<PersistentVolume>,
    { readOnly, grow }: { readOnly: boolean; grow: boolean },
  ): Promise<ReadyVolume> {
    const csi = volume.spec!.csi!;
    const prepared = await this.#prepare(csi.driver, 'MountVolume.MountDevice');
    const attached = await this.#attachment(volume, prepared.object);
    const mounting = { ...prepared, ...attached, pod, volume, name: volume.metadata.name, ephemeral: false };
    const ready = await this.#mount({ ...mounting, readOnly: readOnly || csi.readOnly === true });
    if (grow) await this.#expand({ ...mounting, readOnly });
    return { ...ready, growable: prepared.capabilities.has(Capability.EXPAND_VOLUME) };
  }

  async setUpInline(pod: Pod, podVolume: Volume): Promise<ReadyVolume> {
    const { driver, fsType, readOnly, volumeAttributes, nodePublishSecretRef } = podVolume.csi!;
    const prepared = await this.#prepare(driver, 'MountVolume.SetUp');
    if (!prepared.object?.spec?.volumeLifecycleModes?.includes('Ephemeral')) {
      const why = `kubernetes.io/csi: mounter.SetUpAt failed to check volume lifecycle mode: volume mode "Ephemeral" not supported by driver ${driver} (only supports ["Persistent"])`;
      throw new VolumeError(why);
    }
    const namespace = pod.metadata?.namespace;
    const handle = `csi-${sha256(`${podVolume.name}${namespace}${pod.metadata?.name}${pod.metadata?.uid}`)}`;
    const csi = {
      driver,
      volumeHandle: handle,
      fsType,
      volumeAttributes,
      ...(nodePublishSecretRef ? { nodePublishSecretRef: { name: nodePublishSecretRef.name, namespace } } : {}),
    };
    const volume = { spec: { accessModes: ['ReadWriteOnce'], csi } };
    const mounting = { ...prepared, pod, volume, name: podVolume.name, ephemeral: true, readOnly: readOnly ?? false };
    return this.#mount({ ...mounting, publishContext: {}, attachment: '' });
  }

  /** Unpublishes what a pod has. What it returns unstages, when the pod's folder is gone, what no other pod uses. */
  async tearDown(uid: string): Promise<() => Promise<void>> {
    const present = await volumeDataOf(this.#parts.context.config.podsDir, uid);
    for (const { folder, data } of present) await this.#unpublish(folder, data);
    const staged = present
      .map(({ data }) => data)
      .filter(({ volumeLifecycleMode }) => volumeLifecycleMode === 'Persistent');
    return async () => {
      for (const data of staged) await this.#unstageUnused(data);
    };
  }

  async #prepare(name: string, operation: string): Promise<Pick<Mounting, 'driver' | 'object' | 'capabilities'>> {
    const { drivers, context } = this.#parts;
    try {
      const driver = drivers.get(name);
      const [object, capabilities] = await Promise.all([
        context.client.get(csiDrivers, { name }).catch(absent),
        drivers.capabilities(driver),
      ]);
      return { driver, object, capabilities };
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      throw new VolumeError(`kubernetes.io/csi: ${error.message}`, { cause: error, operation });
    }
  }

  async #attachment(
    volume: Stored<PersistentVolume>,
    object: CSIDriver | undefined,
  ): Promise<Pick<Mounting, 'attachment' | 'publishContext'>> {
    if (!needsAttach(object)) return { attachment: '', publishContext: {} };
    const { client, config } = this.#parts.context;
    const csi = volume.spec!.csi!;
    const name = attachmentName(csi, config.nodeName, sha256);
    const found = await client.get(volumeAttachments, { name }).catch((error: unknown) => {
      // A node may not even ask for what is not there.
      if (!isReason(error, 'NotFound', 'Forbidden')) throw error;
    });
    if (found?.status?.attached) return { attachment: name, publishContext: found.status.attachmentMetadata ?? {} };
    const why =
      found?.status?.attachError?.message ??
      `volume ${csi.volumeHandle} is not attached yet (volume attachment ${name})`;
    throw new VolumeError(why, { operation: 'AttachVolume.Attach' });
  }

  /** One after the other for all pods that share the volume. */
  #mount(mounting: Mounting): Promise<ReadyVolume> {
    return this.#parts.turns.take(this.#handle(mounting), async () => {
      const paths = this.#paths(mounting);
      if ((await this.#parts.mounter.below(paths.target)).includes(paths.target))
        return this.#ready(mounting, paths.target);
      await mkdir(paths.folder, { recursive: true, mode: 0o750 });
      // Before anything is mounted, so that whatever happens it is found again.
      await saveVolumeData(paths.folder, this.#dataOf(mounting));
      if (mounting.attachment) await this.#parts.report();
      const stages = !mounting.ephemeral && mounting.capabilities.has(Capability.STAGE_UNSTAGE_VOLUME);
      if (stages) await this.#stage(mounting, paths.staging);
      await this.#publish(mounting, paths.target, stages ? paths.staging : '');
      await this.#giveToGroup(mounting, paths.target);
      return this.#ready(mounting, paths.target);
    });
  }

  #ready({ volume, readOnly }: Mounting, path: string): ReadyVolume {
    return modeOf(volume.spec) === 'Block' ? { path, device: true, readOnly } : { path, readOnly };
  }

  #handle({ volume }: Mounting): string {
    return uniqueVolumeName(volume.spec!.csi!);
  }

  #dataOf({ pod, volume, name, ephemeral, attachment }: Mounting): VolumeData {
    return {
      driverName: volume.spec!.csi!.driver,
      volumeHandle: volume.spec!.csi!.volumeHandle,
      specVolID: name,
      volumeLifecycleMode: ephemeral ? 'Ephemeral' : 'Persistent',
      volumeMode: modeOf(volume.spec),
      attachmentID: attachment,
      podUID: pod.metadata!.uid!,
    };
  }

  #paths(mounting: Mounting): { folder: string; target: string; staging: string } {
    return this.#pathsOf(this.#dataOf(mounting));
  }

  #pathsOf({ podUID, specVolID, driverName, volumeHandle, volumeMode }: VolumeData) {
    const folder = join(this.#parts.context.config.podsDir, podUID, 'volumes', 'kubernetes.io~csi', specVolID);
    const plugin = join(this.#parts.root.folder, 'plugins', 'kubernetes.io', 'csi');
    if (volumeMode === 'Block') {
      const devices = join(plugin, 'volumeDevices');
      return {
        folder,
        target: join(devices, 'publish', specVolID, podUID),
        staging: join(devices, 'staging', specVolID),
      };
    }
    return {
      folder,
      target: join(folder, 'mount'),
      staging: join(plugin, driverName, sha256(volumeHandle), 'globalmount'),
    };
  }

  async #stage(mounting: Mounting, staging: string): Promise<void> {
    const { volume, driver, capabilities, publishContext } = mounting;
    const csi = volume.spec!.csi!;
    await mkdir(staging, { recursive: true, mode: 0o750 });
    await this.#call(driver, methods.nodeStageVolume, 'MountVolume.MountDevice', {
      volumeId: csi.volumeHandle,
      publishContext,
      stagingTargetPath: this.#parts.root.asSeen(staging),
      volumeCapability: volumeCapability(volume, capabilities, groupOf(mounting.pod)),
      secrets: await this.#secret(csi.nodeStageSecretRef),
      volumeContext: csi.volumeAttributes ?? {},
    });
  }

  async #publish(mounting: Mounting, target: string, staging: string): Promise<void> {
    const { pod, volume, driver, capabilities, publishContext, readOnly, ephemeral, object } = mounting;
    const csi = volume.spec!.csi!;
    const { content, context, root } = this.#parts;
    const info = await podContext(object, pod, ephemeral, { content, clock: context.clock });
    // The driver makes the target itself.
    await mkdir(dirname(target), { recursive: true, mode: 0o750 });
    await this.#call(driver, methods.nodePublishVolume, 'MountVolume.SetUp', {
      volumeId: csi.volumeHandle,
      publishContext,
      stagingTargetPath: staging && root.asSeen(staging),
      targetPath: root.asSeen(target),
      volumeCapability: volumeCapability(volume, capabilities, groupOf(pod)),
      readonly: readOnly,
      secrets: { ...(await this.#secret(csi.nodePublishSecretRef)), ...info.secrets },
      volumeContext: { ...csi.volumeAttributes, ...info.context },
    });
  }

  /** A driver that says it must is asked to grow what is in the volume; others have done it already. */
  async #expand(mounting: Mounting): Promise<void> {
    const { pod, volume, driver, capabilities } = mounting;
    if (!capabilities.has(Capability.EXPAND_VOLUME)) return;
    const { target, staging } = this.#paths(mounting);
    const csi = volume.spec!.csi!;
    await this.#call(driver, methods.nodeExpandVolume, 'MountVolume.NodeExpandVolume', {
      volumeId: csi.volumeHandle,
      volumePath: this.#parts.root.asSeen(target),
      stagingTargetPath: capabilities.has(Capability.STAGE_UNSTAGE_VOLUME) ? this.#parts.root.asSeen(staging) : '',
      capacityRange: { requiredBytes: BigInt(capacityBytes(volume)), limitBytes: 0n },
      volumeCapability: volumeCapability(volume, capabilities, groupOf(pod)),
      secrets: await this.#secret(csi.nodeExpandSecretRef),
    });
  }

  async #giveToGroup({ pod, volume, object, capabilities, readOnly }: Mounting, path: string): Promise<void> {
    const group = groupOf(pod);
    if (group === undefined || readOnly || modeOf(volume.spec) === 'Block') return;
    if (!agentOwnsFiles(object, volume, capabilities)) return;
    await giveVolumeToGroup(path, group, pod.spec?.securityContext?.fsGroupChangePolicy);
  }

  async #secret(reference: SecretReference | undefined): Promise<Record<string, string>> {
    if (!reference?.name) return {};
    const { namespace = '', name } = reference;
    const secret = await this.#parts.content.secret(namespace, name);
    if (!secret)
      throw new VolumeError(
        `failed to find the secret ${name} in the namespace ${namespace} with error: secrets "${name}" not found`,
      );
    const entries = Object.entries(secret.data ?? {});
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  }

  async #unpublish(folder: string, data: VolumeData): Promise<void> {
    const { drivers, root, mounter } = this.#parts;
    const { target } = this.#pathsOf(data);
    const request = { volumeId: data.volumeHandle, targetPath: root.asSeen(target) };
    await this.#call(drivers.get(data.driverName), methods.nodeUnpublishVolume, 'UnmountVolume.TearDown', request);
    const left = await mounter.below(folder);
    if (left.length > 0) throw new VolumeError(`driver ${data.driverName} left mounted: ${left.join(', ')}`);
    await rm(target, { recursive: data.volumeMode !== 'Block', force: true });
    await rm(folder, { recursive: true, force: true });
  }

  #unstageUnused(data: VolumeData): Promise<void> {
    const { context, drivers, root, turns } = this.#parts;
    const unique = uniqueVolumeName({ driver: data.driverName, volumeHandle: data.volumeHandle });
    return turns.take(unique, async () => {
      const all = await allVolumeData(context.config.podsDir);
      if (all.some((one) => one.driverName === data.driverName && one.volumeHandle === data.volumeHandle)) return;
      const driver = drivers.get(data.driverName);
      if (!(await drivers.capabilities(driver)).has(Capability.STAGE_UNSTAGE_VOLUME)) return;
      const { staging } = this.#pathsOf(data);
      const request = { volumeId: data.volumeHandle, stagingTargetPath: root.asSeen(staging) };
      await this.#call(driver, methods.nodeUnstageVolume, 'UnmountDevice', request);
      await rmdir(staging).catch(absentFile);
    });
  }

  async #call<Q, R>(
    driver: Driver,
    method: Parameters<typeof callSocket<Q, R>>[2],
    operation: string,
    request: Q,
  ): Promise<R> {
    try {
      return await callSocket(driver.socket, NodeDefinition, method, request);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      throw new VolumeError(error.message, { cause: error, operation });
    }
  }
}

/** node.status.volumesInUse: what must not be detached from under the pods. */
export async function volumesInUse(podsDir: string): Promise<string[]> {
  const attached = (await allVolumeData(podsDir)).filter(({ attachmentID }) => attachmentID);
  const names = attached.map(({ driverName: driver, volumeHandle }) => uniqueVolumeName({ driver, volumeHandle }));
  return [...new Set(names)].sort();
}

const groupOf = ({ spec }: Pod): number | undefined => spec?.securityContext?.fsGroup;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function absent(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error;
}

function absentFile(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
