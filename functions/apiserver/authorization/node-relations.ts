import type { Stored } from '../../../lib/api/object.ts';
import { podReferences, type ReferenceType } from '../../../lib/api/pod-references.ts';
import type { PersistentVolume, Pod } from '../../../lib/api/types.ts';
import type { Reader } from '../reader.ts';

/** Which objects belong to what runs on a node: kube-apiserver's graph, asked by edges instead of kept. */
export interface NodeRelations {
  /** A pod bound to the node names the object. */
  references(node: string, type: ReferenceType, namespace: string, name: string): Promise<boolean>;
  podOn(node: string, namespace: string, name: string): Promise<boolean>;
  /** A pod on the node uses the claim that the volume is bound to. */
  volume(node: string, name: string): Promise<boolean>;
  /** The object's spec.nodeName is the node. */
  namesNode(node: string, type: string, name: string, namespace?: string): Promise<boolean>;
}

interface BoundPod {
  readonly node: string | undefined;
  readonly references: ReadonlySet<string>;
}

/** Pods of one template refer to the same things: one set serves them all. */
const MAX_SETS = 10_000;

export function nodeRelations(reader: Reader): NodeRelations {
  const sets = new Map<string, ReadonlySet<string>>();

  function shared(references: ReadonlySet<string>): ReadonlySet<string> {
    const key = [...references].join(' ');
    const known = sets.get(key);
    if (known) return known;
    if (sets.size >= MAX_SETS) sets.clear();
    sets.set(key, references);
    return references;
  }

  const boundPod = (pod: Stored<Pod>): BoundPod => ({
    node: pod.spec?.nodeName,
    references: shared(podReferences(pod as Pod)),
  });

  async function podRefers(node: string, namespace: string, reference: string): Promise<boolean> {
    const pods = await reader.extract('pods', namespace, boundPod);
    return pods.some((pod) => pod.node === node && pod.references.has(reference));
  }

  async function claimUsed(node: string, volume: PersistentVolume): Promise<boolean> {
    const claim = volume.spec?.claimRef;
    return !!claim?.namespace && podRefers(node, claim.namespace, `persistentvolumeclaims/${claim.name}`);
  }

  async function secretOfVolume(node: string, namespace: string, name: string): Promise<boolean> {
    const volumes = await reader.list<PersistentVolume>('persistentvolumes');
    for (const volume of volumes)
      if (volumeSecrets(volume as PersistentVolume).has(`${namespace}/${name}`) && (await claimUsed(node, volume)))
        return true;
    return false;
  }

  return {
    async references(node, type, namespace, name) {
      if (await podRefers(node, namespace, `${type}/${name}`)) return true;
      return type === 'secrets' && secretOfVolume(node, namespace, name);
    },
    async podOn(node, namespace, name) {
      return (await reader.get<Pod>('pods', name, namespace))?.spec?.nodeName === node;
    },
    async volume(node, name) {
      const volume = await reader.get<PersistentVolume>('persistentvolumes', name);
      return volume !== undefined && claimUsed(node, volume);
    },
    async namesNode(node, type, name, namespace) {
      return (await reader.get(type, name, namespace))?.['spec']?.nodeName === node;
    },
  };
}

/** Secrets the kubelet needs to mount the volume. Source: pkg/api/v1/persistentvolume VisitPVSecretNames. */
function volumeSecrets({ spec }: PersistentVolume): Set<string> {
  const own = spec?.claimRef?.namespace;
  const { csi, azureFile, cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos } = spec ?? {};
  const drivers = [cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos];
  const references = [
    ...drivers.map((driver) => driver?.secretRef as { namespace?: string; name?: string } | undefined),
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
    azureFile && { namespace: azureFile.secretNamespace, name: azureFile.secretName },
  ];
  return new Set(
    references.flatMap((reference) => (reference ? `${reference.namespace || own}/${reference.name}` : [])),
  );
}
