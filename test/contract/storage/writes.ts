import type { Encode, Item, Store, StoreError, StoreErrorReason } from '../../../lib/storage/contract.ts';

export const text = (bytes: Uint8Array | undefined) => (bytes ? Buffer.from(bytes).toString() : undefined);

/** `name@revision`, so that a test sees which write made a value. */
export const value =
  (name: string): Encode =>
  (revision) =>
    Buffer.from(`${name}@${revision}`);

export async function create(store: Store, key: string, name = 'v'): Promise<Item> {
  return (await store.commit([{ op: 'create', key, value: value(name) }])).items[0]!;
}

export async function update(store: Store, item: Item, name = 'v'): Promise<Item> {
  return (await store.commit([{ op: 'update', key: item.key, revision: item.revision, value: value(name) }])).items[0]!;
}

export async function remove(store: Store, item: Item): Promise<Item> {
  return (await store.commit([{ op: 'delete', key: item.key, revision: item.revision, value: value('gone') }]))
    .items[0]!;
}

export async function keys(store: Store, prefix: string, options = {}): Promise<string[]> {
  return (await store.list(prefix, options)).items.map(({ key }) => key);
}

export async function refusal(promise: Promise<unknown>): Promise<StoreErrorReason | 'none'> {
  return promise.then(
    () => 'none' as const,
    (error: StoreError) => error.reason,
  );
}
