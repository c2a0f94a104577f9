/** What the function keys is asked beside its part as a custom resource. */
export type KeysRequest =
  | { action: 'status' }
  /** A new key writes from now on. */
  | { action: 'add' }
  /** KMS gives its key, where it has the one that writes, new material. */
  | { action: 'rotate-kms' }
  /** Forgets keys that wrote long ago, but for these. */
  | { action: 'prune'; needed: readonly string[] };

/** The ring of the keys that seal Secrets, without a secret. The first key writes. */
export interface RingView {
  keys: readonly { name: string; kms?: string }[];
  /** KMS' rotation on demand is on its way. */
  isRotating: boolean;
}
