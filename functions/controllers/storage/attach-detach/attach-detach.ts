import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Stored } from '../../../../lib/api/object.ts';
import { isReason } from '../../../../lib/api/status.ts';
import type { Node, PersistentVolume, Pod, VolumeAttachment } from '../../../../lib/api/types.ts';
import {
  attachmentName,
  isAttachmentName,
  needsAttach,
  uniqueVolumeName,
} from '../../../../lib/api/volumes/attachment.ts';
import { BY_CLAIM, claimKeys } from '../../../../lib/api/volumes/claim.ts';
import { type Controller, watch } from '../../../../lib/client/controller.ts';
import {
  csiDrivers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../../dependencies.ts';
import { BY_NODE, indexByNode } from '../../node/index-by-node.ts';
import { isFinished } from '../../pod-state.ts';
import { planAttachments, type Wanted } from './plan.ts';

const BY_VOLUME = 'volume';
/** A node that does not answer may still write: its volumes are given to others only when an administrator says it is off. */
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
/** How long a volume that another node has is waited for before it is said again. */
const BLOCKED_MS = 10_000;

/** Keeps a VolumeAttachment for every CSI volume that a node's pods need; the driver's attacher does the work. Key: a node. */
export function createAttachDetachController(dependencies: ControllerDependencies): Controller {
  const podCache = dependencies.caches.cache(pods);
  const claims = dependencies.caches.cache(persistentVolumeClaims);
  const volumes = dependencies.caches.cache(persistentVolumes);
  const attachments = dependencies.caches.cache(volumeAttachments);
  const drivers = dependencies.caches.cache(csiDrivers);
  const nodeCache = dependencies.caches.cache(nodes);
  indexByNode(podCache);
  podCache.addIndex(BY_CLAIM, claimKeys);
  attachments.addIndex(BY_NODE, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
  attachments.addIndex(BY_VOLUME, ({ spec }) =>
    spec?.source?.persistentVolumeName ? [spec.source.persistentVolumeName] : [],
  );
  const own = hands(dependencies, 'attachdetach-controller');

  return {
    name: 'persistentvolume-attach-detach',
    watches: [
      watch(pods, (pod, previous) => (claimKeys((pod ?? previous)!).length > 0 ? nodeOf(pod ?? previous) : [])),
      watch(persistentVolumes, (volume, previous) =>
        volume?.spec?.csi && !previous?.spec?.claimRef ? users(volume) : [],
      ),
      watch(volumeAttachments, (attachment, previous) => [
        ...nodeOf(attachment ?? previous),
        // Who waits for the volume on another node may have it now.
        ...(attachment ? [] : users(volumeOf(previous!))),
      ]),
      watch(nodes, (node, previous) => {
        const before = previous && facts(previous);
        return isDeepStrictEqual(node && facts(node), before) ? [] : [(node ?? previous)!.metadata.name];
      }),
    ],
    async reconcile(name) {
      const node = nodeCache.get(name);
      const wanted = node ? wantedOn(name) : new Map<string, Wanted>();
      const present = attachments
        .byIndex(BY_NODE, name)
        .filter(({ metadata, spec }) => isAttachmentName(metadata.name) && spec?.source?.persistentVolumeName);
      if (!node && present.length > 0 && (await isThere(name))) return undefined;
      const elsewhere = (volume: string) =>
        attachments.byIndex(BY_VOLUME, volume).some(({ spec }) => spec?.nodeName !== name);
      const plan = planAttachments(wanted, present, elsewhere, (one) => isInUse(node, one));
      for (const one of plan.attach) await attach(one, name);
      for (const one of plan.detach) await detach(one);
      for (const { volume, pod } of plan.blocked) {
        const why = `Multi-Attach error for volume "${volume.metadata.name}" Volume is already exclusively attached to one node and can't be attached to another`;
        own.recorder.warning(pod, 'FailedAttachVolume', why);
      }
      if (node) await report(node, present, wanted);
      return plan.blocked.length > 0 ? { requeueAfterMs: BLOCKED_MS } : undefined;
    },
  };

  function wantedOn(node: string): Map<string, Wanted> {
    const wanted = new Map<string, Wanted>();
    for (const pod of podCache.byIndex(BY_NODE, node)) {
      if (isFinished(pod)) continue;
      for (const volume of attachableVolumes(pod)) {
        const name = attachmentName(volume.spec!.csi!, node, sha256);
        wanted.set(name, { name, volume, pod });
      }
    }
    return wanted;
  }

  function attachableVolumes(pod: Stored<Pod>): Stored<PersistentVolume>[] {
    return claimKeys(pod).flatMap((key) => {
      const claim = claims.get(key);
      const volume = claim?.spec?.volumeName ? volumes.get(claim.spec.volumeName) : undefined;
      const driver = volume?.spec?.csi?.driver;
      return volume && driver && needsAttach(drivers.get(driver)) ? [volume] : [];
    });
  }

  async function attach({ name, volume }: Wanted, nodeName: string): Promise<void> {
    const spec = {
      attacher: volume.spec!.csi!.driver,
      nodeName,
      source: { persistentVolumeName: volume.metadata.name },
    };
    await own.client.create(volumeAttachments, { metadata: { name }, spec });
  }

  async function detach({ metadata: { name, uid } }: Stored<VolumeAttachment>): Promise<void> {
    try {
      await own.client.delete(volumeAttachments, { name }, { uid });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }

  /** node.status.volumesAttached: what the node may mount. */
  async function report(
    node: Stored<Node>,
    present: readonly Stored<VolumeAttachment>[],
    wanted: ReadonlyMap<string, Wanted>,
  ): Promise<void> {
    const attached = present.filter(({ status }) => status?.attached).map(volumeOf);
    const names = attached.flatMap((volume) => (volume?.spec?.csi ? [uniqueVolumeName(volume.spec.csi)] : [])).sort();
    const before = node.status?.volumesAttached ?? [];
    if (isDeepStrictEqual(names, before.map(({ name }) => name).sort())) return;
    const volumesAttached = names.map((name) => ({ name, devicePath: '' }));
    const body = { status: { volumesAttached } };
    await own.client.patch(nodes, { name: node.metadata.name }, { type: 'merge', body }, { subresource: 'status' });
    const known = new Set(before.map(({ name }) => name));
    for (const { volume, pod } of wanted.values()) {
      const name = uniqueVolumeName(volume.spec!.csi!);
      if (known.has(name) || !names.includes(name)) continue;
      own.recorder.normal(
        pod,
        'SuccessfulAttachVolume',
        `AttachVolume.Attach succeeded for volume "${volume.metadata.name}" `,
      );
    }
  }

  function isInUse(node: Stored<Node> | undefined, attachment: Stored<VolumeAttachment>): boolean {
    if (!node || node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE)) return false;
    const csi = volumeOf(attachment)?.spec?.csi;
    return csi !== undefined && node.status?.volumesInUse?.includes(uniqueVolumeName(csi)) === true;
  }

  function volumeOf({ spec }: Stored<VolumeAttachment>): Stored<PersistentVolume> | undefined {
    return volumes.get(spec?.source?.persistentVolumeName ?? '');
  }

  /** A node is given up only when it is gone for certain. */
  async function isThere(name: string): Promise<boolean> {
    const { items } = await own.client.list(nodes, { fieldSelector: `metadata.name=${name}` });
    return items.length > 0;
  }

  /** Nodes whose pods use the volume. */
  function users(volume: Stored<PersistentVolume> | undefined): string[] {
    const ref = volume?.spec?.claimRef;
    if (!ref) return [];
    return podCache.byIndex(BY_CLAIM, `${ref.namespace}/${ref.name}`).flatMap(nodeOf);
  }
}

function nodeOf(object: { spec?: { nodeName?: string | undefined } | undefined } | undefined): string[] {
  return object?.spec?.nodeName ? [object.spec.nodeName] : [];
}

/** What of a node this depends on: heartbeats are none of it. */
const facts = ({ spec, status }: Stored<Node>) => [spec?.taints, status?.volumesInUse, status?.volumesAttached];

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
