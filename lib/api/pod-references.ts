import type { Container, Pod, Volume } from './types.ts';

export type ReferenceType = 'secrets' | 'configmaps' | 'persistentvolumeclaims' | 'serviceaccounts' | 'resourceclaims';

export const MIRROR_POD = 'kubernetes.io/config.mirror';

/** What the API shows of a static pod: of the node's own making, so it must not open anything to it; nothing is ended by deleting it. */
export function isMirrorPod({ metadata }: Pick<Pod, 'metadata'>): boolean {
  return metadata?.annotations?.[MIRROR_POD] !== undefined;
}

/** What of its namespace a pod may use: `TYPE/NAME`. Source: pkg/api/v1/pod VisitPodSecretNames, VisitPodConfigmapNames. */
export function podReferences(pod: Pod): Set<string> {
  const found = new Set<string>();
  const add = (type: ReferenceType, name: string | undefined) => name && found.add(`${type}/${name}`);
  if (isMirrorPod(pod) || !pod.spec) return found;
  add('serviceaccounts', pod.spec.serviceAccountName);
  for (const secret of pod.spec.imagePullSecrets ?? []) add('secrets', secret.name);
  for (const container of containersOf(pod)) addContainer(container, add);
  for (const volume of pod.spec.volumes ?? []) addVolume(volume, pod, add);
  addClaims(pod, add);
  return found;
}

type Add = (type: ReferenceType, name: string | undefined) => void;

export function containersOf(pod: Pod): Container[] {
  const { initContainers, containers, ephemeralContainers } = pod.spec!;
  return [...(initContainers ?? []), ...containers, ...((ephemeralContainers ?? []) as Container[])];
}

function addContainer(container: Container, add: Add): void {
  for (const source of container.envFrom ?? []) {
    add('secrets', source.secretRef?.name);
    add('configmaps', source.configMapRef?.name);
  }
  for (const variable of container.env ?? []) {
    add('secrets', variable.valueFrom?.secretKeyRef?.name);
    add('configmaps', variable.valueFrom?.configMapKeyRef?.name);
  }
}

function addVolume(volume: Volume, pod: Pod, add: Add): void {
  add('secrets', volume.secret?.secretName);
  add('configmaps', volume.configMap?.name);
  for (const source of volume.projected?.sources ?? []) {
    add('secrets', source.secret?.name);
    add('configmaps', source.configMap?.name);
  }
  add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral) add('persistentvolumeclaims', `${pod.metadata?.name}-${volume.name}`);
  add('secrets', driverSecret(volume));
}

/** Drivers that name a secret in the pod's own namespace. */
function driverSecret(volume: Volume): string | undefined {
  if (volume.azureFile) return volume.azureFile.secretName;
  const { cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos, csi } = volume;
  const withSecret = [cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos].find((driver) => driver?.secretRef);
  return (withSecret?.secretRef ?? csi?.nodePublishSecretRef)?.name;
}

function addClaims(pod: Pod, add: Add): void {
  for (const claim of pod.spec!.resourceClaims ?? []) add('resourceclaims', claim.resourceClaimName);
  for (const status of pod.status?.resourceClaimStatuses ?? []) add('resourceclaims', status.resourceClaimName);
  add('resourceclaims', pod.status?.extendedResourceClaimStatus?.resourceClaimName);
}
