import type { ControlPlaneConfig } from '../../lib/cluster/daemon-config.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { openEmbeddedStore } from '../../lib/storage/embedded/open.ts';
import { ensureKeyFile, keyFile, readKeyFile, writeKeyFile } from '../../lib/storage/encryption/key-file.ts';
import { ringKeys, withoutKeys } from '../../lib/storage/encryption/key-ring.ts';
import { sealedRows } from '../../lib/storage/encryption/sealed-rows.ts';
import { ENCRYPTED_TYPES, encryptedStore } from '../../lib/storage/encryption/store.ts';

/** The database of a local cluster, its Secrets sealed with the keys in the state folder. */
export async function openLocalStore(
  { database, encryptionKeys }: Pick<ControlPlaneConfig, 'database' | 'encryptionKeys'>,
  clock: Clock,
): Promise<Store> {
  ensureKeyFile(encryptionKeys);
  dropUnneededKeys(database, encryptionKeys);
  const store = await openEmbeddedStore({ path: database, clock });
  return encryptedStore(store, { keys: ringKeys(keyFile(encryptionKeys)), types: ENCRYPTED_TYPES });
}

/** A rotation leaves a key behind for as long as the log holds what it sealed. */
export function dropUnneededKeys(database: string, encryptionKeys: string): void {
  const ring = readKeyFile(encryptionKeys);
  if (ring.keys.length === 1) return;
  const needed = new Set(ENCRYPTED_TYPES.flatMap((type) => [...sealedRows(database, type).rows.keys()]));
  const kept = withoutKeys(ring, (name) => needed.has(name));
  if (kept.keys.length < ring.keys.length) writeKeyFile(encryptionKeys, kept);
}
