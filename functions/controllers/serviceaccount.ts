import { isReason } from '../../lib/api/status.ts';
import type { Controller } from '../../lib/client/controller.ts';
import { namespaces, serviceAccounts } from '../../lib/client/resource-type.ts';
import type { ControllerDependencies } from './dependencies.ts';
import { isNamespaceTerminating } from './namespace-terminating.ts';

const DEFAULT = 'default';

/** Every namespace has a ServiceAccount `default`. */
export function createServiceAccountController({ caches, clientFor }: ControllerDependencies): Controller {
  const namespaceCache = caches.cache(namespaces);
  const cache = caches.cache(serviceAccounts);
  const client = clientFor('service-account-controller');
  return {
    name: 'serviceaccount',
    concurrency: 4,
    watches: [
      { type: namespaces, keys: (namespace) => (namespace ? [namespace.metadata.name] : []) },
      {
        type: serviceAccounts,
        keys: (account, previous) =>
          !account && previous?.metadata.name === DEFAULT ? [previous.metadata.namespace!] : [],
      },
    ],
    async reconcile(namespace) {
      const active = namespaceCache.get(namespace);
      if (!active || active.metadata.deletionTimestamp || cache.get(`${namespace}/${DEFAULT}`)) return undefined;
      try {
        await client.create(serviceAccounts, { metadata: { namespace, name: DEFAULT } });
      } catch (error) {
        if (!isReason(error, 'AlreadyExists', 'NotFound') && !isNamespaceTerminating(error)) throw error;
      }
      return undefined;
    },
  };
}
