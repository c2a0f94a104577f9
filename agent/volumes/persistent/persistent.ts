import type { Stored } from '../../../lib/api/object.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../../lib/api/types.ts';
import { expandedStatus, needsNodeExpansion } from '../../../lib/api/volumes/expansion.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { EventRecorder } from '../../../lib/client/events.ts';
import { persistentVolumeClaims } from '../../../lib/client/resource-type.ts';
import type { CsiVolumes } from '../csi/csi-volumes.ts';
import { setUpHostPath } from '../host-path.ts';
import { giveVolumeToGroup } from '../ownership.ts';
import { VolumeError } from '../payload.ts';
import type { ReadyVolume } from '../ready-volume.ts';
import { boundVolume } from './bound-volume.ts';
import { type LocalParts, localVolumesOf, releaseLocal, setUpLocal } from './local.ts';
import { setUpNfs } from './nfs.ts';

export interface PersistentParts extends LocalParts {
  client: Client;
  csi: CsiVolumes;
  recorder: EventRecorder;
}

/** Volumes that outlive pods, each by the plugin that its PersistentVolume names. */
export class PersistentVolumes {
  readonly #parts: PersistentParts;

  constructor(parts: PersistentParts) {
    this.#parts = parts;
  }

  async setUpClaim(pod: Pod, podVolume: Volume): Promise<ReadyVolume> {
    const { volume, claim } = await boundVolume(this.#parts.client, pod, podVolume);
    const grow = needsNodeExpansion(claim, volume);
    const { grown = true, ...ready } = await this.#setUp(pod, volume, podVolume, grow).catch((error: unknown) => {
      if (error instanceof VolumeError) error.persistentVolume = volume.metadata.name;
      throw error;
    });
    if (grow && grown) await this.#expanded(pod, claim, volume);
    return { ...ready, readOnly: podVolume.persistentVolumeClaim?.readOnly || ready.readOnly };
  }

  async setUpNfs(pod: Pod, volume: Volume): Promise<ReadyVolume> {
    const target = this.#parts.places.podVolume(pod.metadata!.uid!, 'nfs', volume.name);
    const path = await setUpNfs(target, volume.nfs!, [], this.#parts.mounter);
    return { path, readOnly: volume.nfs!.readOnly };
  }

  setUpInlineCsi(pod: Pod, volume: Volume): Promise<ReadyVolume> {
    return this.#parts.csi.setUpInline(pod, volume);
  }

  /** Before the pod's folder goes: what its drivers have mounted there. The result is for afterwards. */
  async beforeRemoval(uid: string): Promise<() => Promise<void>> {
    const local = await localVolumesOf(this.#parts, uid);
    const releaseCsi = await this.#parts.csi.tearDown(uid);
    return async () => {
      for (const name of local) await releaseLocal(this.#parts, name);
      await releaseCsi();
    };
  }

  /** The claim is as large as its volume now, inside too. */
  async #expanded(pod: Pod, claim: Stored<PersistentVolumeClaim>, { metadata, spec }: Stored<PersistentVolume>) {
    const { client, recorder } = this.#parts;
    const status = expandedStatus(claim, spec!.capacity!['storage']!);
    await client.update(persistentVolumeClaims, { ...claim, status }, { subresource: 'status' });
    const message = `MountVolume.NodeExpandVolume succeeded for volume "${metadata.name}"`;
    for (const object of [pod, claim]) recorder.normal(object, 'FileSystemResizeSuccessful', message);
  }

  async #setUp(
    pod: Pod,
    volume: Stored<PersistentVolume>,
    podVolume: Volume,
    grow: boolean,
  ): Promise<ReadyVolume & { grown?: boolean | undefined }> {
    const { spec, metadata } = volume;
    const uid = pod.metadata!.uid!;
    const readOnly = podVolume.persistentVolumeClaim?.readOnly ?? false;
    if (spec?.hostPath) return { path: await setUpHostPath(spec.hostPath) };
    if (spec?.local) {
      const ready = await setUpLocal(this.#parts, uid, volume, grow);
      if (!ready.device) await own(pod, ready.path, readOnly);
      return ready;
    }
    if (spec?.nfs) {
      const target = this.#parts.places.podVolume(uid, 'nfs', metadata.name);
      const path = await setUpNfs(target, spec.nfs, spec.mountOptions ?? [], this.#parts.mounter);
      return { path, readOnly: spec.nfs.readOnly };
    }
    if (spec?.csi) return this.#parts.csi.setUp(pod, volume, { readOnly, grow });
    throw new VolumeError(`no volume plugin matched for persistent volume ${metadata.name}`);
  }
}

async function own({ spec }: Pod, path: string, readOnly: boolean): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = spec?.securityContext ?? {};
  if (fsGroup !== undefined && !readOnly) await giveVolumeToGroup(path, fsGroup, fsGroupChangePolicy);
}
