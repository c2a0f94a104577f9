import type { Store, StoreView } from './contract.ts';

/** Where a request reads what it only looks at: of a store in memory, the store itself. */
export function viewOf(store: Store): StoreView {
  return store.view ?? store;
}

/** Runs `work` as one request of a client; see Store.inRequest. */
export function inRequest<T>(store: Store, work: () => T): T {
  return store.inRequest ? store.inRequest(work) : work();
}
