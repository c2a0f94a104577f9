import type { CSIDriver, CSIPersistentVolumeSource } from '../types.ts';

/** Without a CSIDriver that says otherwise a driver's volumes are attached before they are mounted. */
export function needsAttach(driver: CSIDriver | undefined): boolean {
  return driver?.spec?.attachRequired !== false;
}

/** The name that attach/detach controller and kubelet both work out. Source: pkg/volume/csi GetAttachmentName. `sha256`: as hex. */
export function attachmentName(
  { driver, volumeHandle }: CSIPersistentVolumeSource,
  node: string,
  sha256: (text: string) => string,
): string {
  return `csi-${sha256(`${volumeHandle}${driver}${node}`)}`;
}

/** Whether a name is one of those: what others attach is theirs to detach. */
export const isAttachmentName = (name: string): boolean => /^csi-[0-9a-f]{64}$/.test(name);

/** A volume in node.status.volumesAttached and volumesInUse. */
export function uniqueVolumeName({ driver, volumeHandle }: CSIPersistentVolumeSource): string {
  return `kubernetes.io/csi/${driver}^${volumeHandle}`;
}
