import type { Client } from '../../../lib/client/client.ts';
import { isKms, type KeyRing, withNewKey, withoutKeys } from '../../../lib/storage/encryption/key-ring.ts';

/** A key of the ring, without its secret. */
export interface SealingKey {
  readonly name: string;
  /** ARN of the key of KMS that it is. */
  readonly kms?: string;
}

/** What of the Secrets is stored, by the key that sealed it; `''`: not sealed. */
export interface Sealed {
  /** Of the present objects. */
  objects: Map<string, number>;
  /** Of these and of what the log still holds, where that is known. */
  rows?: Map<string, number>;
}

export type IsNeeded = (name: string) => boolean;

/** A cluster's keys, of which the first writes and all read, and what they sealed. */
export interface Sealing {
  keys(): Promise<readonly SealingKey[]>;
  /** A new key writes from now on; of the others those that nothing needs may be forgotten. */
  addKey(isNeeded: IsNeeded): Promise<readonly SealingKey[]>;
  /** Forgets keys that nothing needs, where that is safe. What stays. */
  dropKeys(isNeeded: IsNeeded): Promise<readonly SealingKey[]>;
  /** Until when keys stay that seal no present Secret. */
  staysUntil: string;
  sealed(): Promise<Sealed>;
  /** The cluster's administrator. */
  client: Client;
  /** After so long every apiserver seals with the key that was added last. */
  settleMs: number;
}

interface StoredRing {
  read(): Promise<KeyRing>;
  write(ring: KeyRing): Promise<void>;
}

/** Over a ring that nobody else writes. */
export function sealingKeys({ read, write }: StoredRing): Pick<Sealing, 'keys' | 'addKey' | 'dropKeys'> {
  const written = async (before: KeyRing, ring: KeyRing) => {
    if (ring.keys.length !== before.keys.length || ring.keys[0] !== before.keys[0]) await write(ring);
    return shown(ring);
  };
  return {
    keys: async () => shown(await read()),
    addKey: async (isNeeded) => {
      const ring = await read();
      return written(ring, withNewKey(withoutKeys(ring, isNeeded)));
    },
    dropKeys: async (isNeeded) => {
      const ring = await read();
      return written(ring, withoutKeys(ring, isNeeded));
    },
  };
}

function shown({ keys }: KeyRing): SealingKey[] {
  return keys.map((key) => ({ name: key.name, ...(isKms(key) && { kms: key.kms }) }));
}
