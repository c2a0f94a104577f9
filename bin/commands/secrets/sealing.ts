import type { Client } from '../../../lib/client/client.ts';
import type { KeyRing } from '../../../lib/storage/encryption/key-ring.ts';
import type { SealedRows } from '../../../lib/storage/encryption/sealed-rows.ts';

/** A cluster's keys, and what they sealed. */
export interface Sealing {
  readRing(): Promise<KeyRing>;
  writeRing(ring: KeyRing): Promise<void>;
  /** What of the Secrets is stored. */
  sealed(): Promise<SealedRows>;
  /** The cluster's administrator. */
  client: Client;
  /** After so long every apiserver seals with the key that was written last. */
  settleMs: number;
}
