import type { Item, Store, Write } from '../../../lib/storage/contract.ts';
import { viewOf } from '../../../lib/storage/view.ts';
import { encodeObject } from '../encode.ts';
import { decodeItem } from '../reader.ts';

/** Reserved keys as one commit sees them: what is stored, less what it gives back, plus what it takes. */
export interface Reservations {
  isFree(key: string): Promise<boolean>;
  take(key: string, value: (revision: number) => Uint8Array): void;
  giveBack(key: string, isOwn: (item: Item) => boolean): Promise<void>;
  writes(): Write[];
}

export function reservations(store: Store): Reservations {
  const view = viewOf(store);
  const writes: Write[] = [];
  const taken = new Set<string>();
  return {
    isFree: async (key) => !taken.has(key) && (await view.get(key)) === undefined,
    take(key, value) {
      taken.add(key);
      writes.push({ op: 'create', key, value });
    },
    async giveBack(key, isOwn) {
      const item = await view.get(key);
      // Somebody else's, or already gone: nothing of ours to give back.
      if (!item || !isOwn(item)) return;
      writes.push({ op: 'delete', key, revision: item.revision, value: (revision) => lastState(item, revision) });
    },
    writes: () => writes,
  };
}

/** An IPAddress has watchers, who expect the deletion's revision in it; an entry of our own has none. */
function lastState(item: Item, revision: number): Uint8Array {
  const object = decodeItem(item);
  return object.metadata ? encodeObject(object, revision) : item.value;
}
