import { isReason } from '../../lib/api/status.ts';
import type { ConfigMap } from '../../lib/api/types.ts';
import type { Controller } from '../../lib/client/controller.ts';
import { configMaps, metadataOf, namespaces } from '../../lib/client/resource-type.ts';
import type { ControllerDependencies } from './dependencies.ts';
import { isNamespaceTerminating } from './namespace-terminating.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Every namespace has a ConfigMap with the certificate that pods verify the apiserver with. */
export function createRootCACertPublisher({ caches, clientFor, rootCA }: ControllerDependencies): Controller {
  const namespaceCache = caches.cache(namespaces);
  // The content is not cached: there are many ConfigMaps, and one is ours. What we wrote last is known by its version.
  const cache = caches.cache(metadataOf(configMaps));
  const written = new Map<string, string>();
  const client = clientFor('root-ca-cert-publisher');
  return {
    name: 'root-ca-cert-publisher',
    concurrency: 4,
    watches: [
      { type: namespaces, keys: (object, previous) => [(object ?? previous)!.metadata.name] },
      {
        type: metadataOf(configMaps),
        keys: (object, previous) => {
          const { namespace, name } = (object ?? previous)!.metadata;
          return name === NAME ? [namespace!] : [];
        },
      },
    ],
    async reconcile(namespace) {
      const active = namespaceCache.get(namespace);
      if (!active) written.delete(namespace);
      if (!active || active.metadata.deletionTimestamp) return undefined;
      const present = cache.get(`${namespace}/${NAME}`);
      if (present && present.metadata.resourceVersion === written.get(namespace)) return undefined;
      const wanted = rootCAConfigMap(namespace, rootCA);
      try {
        const stored = present ? await client.update(configMaps, wanted) : await client.create(configMaps, wanted);
        written.set(namespace, stored.metadata.resourceVersion);
      } catch (error) {
        if (!isReason(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error;
      }
      return undefined;
    },
  };
}

export function rootCAConfigMap(namespace: string, rootCA: string): ConfigMap {
  const annotations = { 'kubernetes.io/description': DESCRIPTION };
  return { metadata: { namespace, name: NAME, annotations }, data: { 'ca.crt': rootCA } };
}
