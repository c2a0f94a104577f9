import type { LogChange, LogReader } from '../../functions/dispatcher/log-reader.ts';
import type { Change, Store } from '../../lib/storage/contract.ts';
import { logFailure } from './log-failure.ts';

/** The store's log for the dispatcher, which has no apiserver. Nodes and pods, which it looks into, are stored as plain JSON. */
export function storeLog(store: Pick<Store, 'changes' | 'list'>): LogReader {
  return {
    async changes(from) {
      try {
        const { changes, revision } = await store.changes(from);
        return { changes: changes.map(logChange), revision };
      } catch (error) {
        throw logFailure(error);
      }
    },
    async list(storage) {
      const { items, revision } = await store.list(`${storage}/`);
      return { objects: items.map(({ value }) => decode(value)), revision };
    },
  };
}

function logChange({ type, key, revision, value, previous }: Change): LogChange {
  const [storage = '', ...rest] = key.split('/');
  const name = rest.pop() ?? '';
  return {
    storage,
    namespace: rest.join('/'),
    name,
    revision,
    object: () => (type === 'deleted' ? undefined : decode(value)),
    previous: () => previous && decode(previous),
  };
}

function decode(bytes: Uint8Array): any {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
}
