import type { Apiserver } from '../../functions/apiserver/contract.ts';
import type { Controller } from '../../lib/client/controller.ts';
import { type CatchUpCaches, createCatchUpCaches } from '../../lib/client/invocation/caches.ts';
import { createInvocationDriver, type InvocationDriver } from '../../lib/client/invocation/driver.ts';
import type { FunctionState } from '../../lib/client/invocation/function-state.ts';
import { createGuard } from '../../lib/client/invocation/guarded.ts';
import type { Wakes } from '../../lib/client/invocation/wakes.ts';
import { nodes } from '../../lib/client/resource-type.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { storeChanges } from './change-source.ts';
import type { Platform } from './control-plane.ts';
import { componentClients } from './identities.ts';

export interface FunctionOptions extends Platform {
  apiserver: Pick<Apiserver, 'fetch'>;
  store: Pick<Store, 'changes'>;
  state: FunctionState;
  wakes: Wakes;
  deployment: string;
}

type Clients = ReturnType<typeof componentClients>;

/** Controllers in a function, over an apiserver of the same process. */
export function composeFunction(
  options: FunctionOptions,
  controllersOf: (caches: CatchUpCaches, clients: Clients) => Controller[],
): InvocationDriver {
  const { apiserver, store, clock, log } = options;
  const guard = createGuard(clock);
  const clients = componentClients(apiserver.fetch, guard.wrap);
  const caches = createCatchUpCaches(clients.caches(), storeChanges(store));
  const controllers = controllersOf(caches, clients);
  const nodeCache = caches.cache(nodes);
  return createInvocationDriver({
    ...options,
    controllers,
    caches,
    guard,
    resyncs: () => nodeCache.size > 0,
    onError: (error, controller, key) => log('a reconcile failed', { controller, key, error }),
  });
}
