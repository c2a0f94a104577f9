import type { Store } from '../../../lib/storage/contract.ts';
import { sealedWith } from '../../../lib/storage/encryption/envelope.ts';
import type { Sealed } from './sealing.ts';

/** What the Secrets of a store are sealed with, which is not opened. */
export async function sealedIn(store: Store): Promise<Sealed> {
  const objects = new Map<string, number>();
  for (const { value } of (await store.list('secrets/')).items) {
    const key = sealedWith(value) ?? '';
    objects.set(key, (objects.get(key) ?? 0) + 1);
  }
  return { objects };
}
