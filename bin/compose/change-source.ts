import type { ChangeSource, Changes } from '../../lib/client/invocation/change-source.ts';
import type { Store, WatchBatch } from '../../lib/storage/contract.ts';
import { logFailure } from './log-failure.ts';

/** The store's log for who catches up beside the apiserver in the same process: which resources changed is told, not what. */
export function storeChanges(store: Pick<Store, 'changes'>): ChangeSource {
  return {
    async since(revision) {
      try {
        return byResource(await store.changes(revision));
      } catch (error) {
        throw logFailure(error);
      }
    },
  };
}

function byResource({ changes, revision }: WatchBatch): Changes {
  const resources = new Map<string, number[]>();
  for (const change of changes) {
    const storage = change.key.slice(0, change.key.indexOf('/'));
    const known = resources.get(storage);
    if (known) known.push(change.revision);
    else resources.set(storage, [change.revision]);
  }
  return { revision, resources };
}
