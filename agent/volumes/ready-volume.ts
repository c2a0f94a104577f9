/** A volume of a pod that is set up. */
export interface ReadyVolume {
  /** On the node: a folder, a file, or a device. */
  path: string;
  /** Whatever the container says. */
  readOnly?: boolean | undefined;
  /** A block device, for volumeDevices. */
  device?: boolean | undefined;
  /** It can grow while it is mounted, and the node has a part in that. */
  growable?: boolean | undefined;
}

/** Where a pod's volumes are on the node, by their names. */
export type VolumePaths = ReadonlyMap<string, ReadyVolume>;
