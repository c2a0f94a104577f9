import { forbiddenField, invalidValue, notFoundValue, notSupported } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Container, EphemeralContainer, VolumeMount } from '../../../../lib/api/types.ts';
import { checkOneOf, checkRequired } from '../check.ts';
import { checkLocalDescendingPath, hasBacksteps } from './paths.ts';
import type { Volumes } from './volumes.ts';

/** Source: ValidateVolumeMounts in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkVolumeMounts(
  causes: Cause[],
  container: Container | EphemeralContainer,
  volumes: Volumes,
  path: string,
): void {
  const seen = new Set<string>();
  const devices = container.volumeDevices ?? [];
  container.volumeMounts?.forEach((mount, i) => {
    const at = `${path}[${i}]`;
    checkRequired(causes, `${at}.name`, mount.name);
    if (!volumes.has(mount.name)) causes.push(notFoundValue(`${at}.name`, mount.name ?? ''));
    checkRequired(causes, `${at}.mountPath`, mount.mountPath);
    if (seen.has(mount.mountPath)) causes.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    seen.add(mount.mountPath);
    if (devices.some(({ name }) => name === mount.name)) {
      causes.push(invalidValue(`${at}.name`, mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some(({ devicePath }) => devicePath === mount.mountPath)) {
      const why = 'must not already exist as a path in volumeDevices';
      causes.push(invalidValue(`${at}.mountPath`, mount.mountPath, why));
    }
    checkSubPath(causes, mount, path, at);
    checkPropagation(causes, mount, container, path);
    checkRecursiveReadOnly(causes, mount, path);
  });
}

/** Upstream names the list in some of these, not the item. */
function checkSubPath(causes: Cause[], { subPath, subPathExpr }: VolumeMount, path: string, at: string): void {
  if (subPath) checkLocalDescendingPath(causes, subPath, `${path}.subPath`);
  if (!subPathExpr) return;
  if (subPath) {
    causes.push(invalidValue(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
  }
  checkLocalDescendingPath(causes, subPathExpr, `${path}.subPathExpr`);
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

function checkPropagation(
  causes: Cause[],
  { mountPropagation }: VolumeMount,
  { securityContext }: Container | EphemeralContainer,
  path: string,
): void {
  if (mountPropagation === undefined) return;
  checkOneOf(causes, `${path}.mountPropagation`, mountPropagation, PROPAGATIONS);
  if (mountPropagation === 'Bidirectional' && !securityContext?.privileged) {
    const why = 'Bidirectional mount propagation is available only to privileged containers';
    causes.push(forbiddenField(`${path}.mountPropagation`, why));
  }
}

function checkRecursiveReadOnly(causes: Cause[], mount: VolumeMount, path: string): void {
  const { recursiveReadOnly, readOnly, mountPropagation } = mount;
  const field = `${path}.recursiveReadOnly`;
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return;
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    causes.push(notSupported(field, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible']));
    return;
  }
  if (!readOnly) causes.push(forbiddenField(field, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    causes.push(forbiddenField(field, 'may only be specified when mountPropagation is None or not specified'));
  }
}

/** Source: ValidateVolumeDevices. */
export function checkVolumeDevices(
  causes: Cause[],
  container: Container | EphemeralContainer,
  volumes: Volumes,
  path: string,
): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  /** The last mount of each volume, as upstream keeps them. */
  const mounts = new Map(container.volumeMounts?.map(({ name, mountPath }) => [name, mountPath]));
  container.volumeDevices?.forEach(({ name, devicePath }, i) => {
    const at = `${path}[${i}]`;
    const volume = volumes.get(name);
    checkRequired(causes, `${at}.name`, name);
    if (names.has(name)) causes.push(invalidValue(`${at}.name`, name, 'must be unique'));
    if (!volume) causes.push(notFoundValue(`${at}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      const why = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      causes.push(invalidValue(`${at}.name`, name, why));
    }
    checkRequired(causes, `${at}.devicePath`, devicePath);
    if (paths.has(devicePath)) causes.push(invalidValue(`${at}.devicePath`, devicePath, 'must be unique'));
    if (hasBacksteps(devicePath ?? '')) {
      causes.push(invalidValue(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.has(name)) {
      causes.push(invalidValue(`${at}.name`, name, 'must not already exist in volumeMounts'));
    }
    if ([...mounts.values()].includes(devicePath)) {
      causes.push(invalidValue(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name) names.add(name);
  });
}
