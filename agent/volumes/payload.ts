/** The files of a volume that is made of API objects: by path below the volume. */
export type Payload = Map<string, PayloadFile>;

export interface PayloadFile {
  data: Uint8Array;
  mode: number;
  /** Owner; root without it. */
  user?: number | undefined;
}

/** A volume cannot be set up now; worded for the FailedMount event. */
export class VolumeError extends Error {
  /** The step of kubelet's that failed, where it is not the last one. */
  readonly operation: string;
  /** The PersistentVolume, which events name rather than the pod's name for it. */
  persistentVolume: string | undefined;

  constructor(message: string, options?: ErrorOptions & { operation?: string }) {
    super(message, options);
    this.name = 'VolumeError';
    this.operation = options?.operation ?? 'MountVolume.SetUp';
  }
}

export const DEFAULT_MODE = 0o644;
