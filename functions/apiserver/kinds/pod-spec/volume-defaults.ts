import type { Volume, VolumeProjection } from '../../../../lib/api/types.ts';
import { defaultPersistentVolumeClaimSpec } from '../core/persistent-volume-claim-spec.ts';
import { canonicalizeQuantity, defaultDivisor } from '../resource-list.ts';
import { impliedPullPolicy } from './image.ts';

/** 0644 */
const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/** Source: SetDefaults_Volume and the defaults of each volume source in k8s.io/kubernetes/pkg/apis/core/v1. */
export function defaultVolume(volume: Volume): void {
  if (!hasSource(volume)) volume.emptyDir = {};
  if (volume.image && !volume.image.pullPolicy) volume.image.pullPolicy = impliedPullPolicy(volume.image.reference);
  if (volume.emptyDir) canonicalizeQuantity(volume.emptyDir, 'sizeLimit');
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.secret) volume.secret.defaultMode ??= FILE_MODE;
  if (volume.configMap) volume.configMap.defaultMode ??= FILE_MODE;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= FILE_MODE;
    defaultDownwardItems(volume.downwardAPI.items);
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= FILE_MODE;
    for (const source of volume.projected.sources ?? []) defaultProjection(source);
  }
  if (volume.ephemeral?.volumeClaimTemplate?.spec)
    defaultPersistentVolumeClaimSpec(volume.ephemeral.volumeClaimTemplate.spec);
  defaultNetworkVolume(volume);
}

function hasSource(volume: Volume): boolean {
  for (const field in volume) if (field !== 'name' && volume[field as keyof Volume]) return true;
  return false;
}

function defaultProjection(source: VolumeProjection): void {
  defaultDownwardItems(source.downwardAPI?.items);
  if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS;
}

function defaultDownwardItems(items: NonNullable<Volume['downwardAPI']>['items']): void {
  for (const item of items ?? []) {
    if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
    if (item.resourceFieldRef) defaultDivisor(item.resourceFieldRef);
  }
}

/** The sources that only name a storage system; kept for pods and PersistentVolumes alike. */
export function defaultNetworkVolume(source: Pick<Volume, 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>): void {
  if (source.iscsi) source.iscsi.iscsiInterface ||= 'default';
  if (source.rbd) {
    source.rbd.pool ||= 'rbd';
    source.rbd.user ||= 'admin';
    source.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (source.azureDisk) {
    source.azureDisk.cachingMode ??= 'ReadWrite';
    source.azureDisk.kind ??= 'Shared';
    source.azureDisk.fsType ??= 'ext4';
    source.azureDisk.readOnly ??= false;
  }
  if (source.scaleIO) {
    source.scaleIO.storageMode ||= 'ThinProvisioned';
    source.scaleIO.fsType ||= 'xfs';
  }
}
