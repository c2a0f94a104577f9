import type { Pod } from '../../lib/api/types.ts';
import { ObjectCache } from '../../lib/client/object-cache.ts';
import { reflect } from '../../lib/client/reflector.ts';
import { configMaps, type ResourceType, secrets } from '../../lib/client/resource-type.ts';
import type { AgentContext } from '../context.ts';
import { clusterTrustBundles } from './sources.ts';

interface Followed {
  users: Set<string>;
  stop: AbortController;
}

/**
 * Watches the config maps and secrets that pods' volumes name, each one alone: a node may see no others.
 * Source: pkg/kubelet/util/manager watch_based_manager.go.
 */
export class References {
  readonly #context: Pick<AgentContext, 'client' | 'clock' | 'random' | 'log'>;
  readonly #changed: (podUid: string) => void;
  readonly #followed = new Map<string, Followed>();

  constructor(context: Pick<AgentContext, 'client' | 'clock' | 'random' | 'log'>, changed: (podUid: string) => void) {
    this.#context = context;
    this.#changed = changed;
  }

  follow(pod: Pod): void {
    const uid = pod.metadata!.uid!;
    for (const reference of referencesOf(pod)) {
      const { type, namespace = '', name = '' } = reference;
      const key = `${type.resource}/${namespace}/${name}`;
      const followed = this.#followed.get(key) ?? this.#begin(key, reference);
      followed.users.add(uid);
    }
  }

  forget(uid: string): void {
    for (const [key, { users, stop }] of this.#followed) {
      if (!users.delete(uid) || users.size > 0) continue;
      stop.abort();
      this.#followed.delete(key);
    }
  }

  stop(): void {
    for (const { stop } of this.#followed.values()) stop.abort();
    this.#followed.clear();
  }

  #begin(key: string, { type, namespace, name }: Reference): Followed {
    const followed: Followed = { users: new Set(), stop: new AbortController() };
    this.#followed.set(key, followed);
    const cache = new ObjectCache<any>(type);
    cache.subscribe(() => {
      for (const uid of followed.users) this.#changed(uid);
    });
    const { client, clock, random, log } = this.#context;
    void reflect(client, cache, {
      clock,
      random,
      signal: followed.stop.signal,
      ...(namespace && { namespace }),
      ...(name && { fieldSelector: `metadata.name=${name}` }),
      onError: (error) => log('cannot watch what a volume refers to', { key, error }),
    });
    return followed;
  }
}

interface Reference {
  type: ResourceType<any>;
  namespace?: string | undefined;
  /** Absent: all of them. */
  name?: string | undefined;
}

/** Only volumes are kept up to date; environments are read when a container starts. */
export function referencesOf(pod: Pod): Reference[] {
  const { namespace } = pod.metadata ?? {};
  const named = (type: ResourceType<any>, name: string | undefined) => (name ? [{ type, namespace, name }] : []);
  return (pod.spec?.volumes ?? []).flatMap(({ configMap, secret, projected }) => [
    ...named(configMaps, configMap?.name),
    ...named(secrets, secret?.secretName),
    ...(projected?.sources ?? []).flatMap((source): Reference[] => [
      ...named(configMaps, source.configMap?.name),
      ...named(secrets, source.secret?.name),
      ...(source.clusterTrustBundle ? [{ type: clusterTrustBundles }] : []),
    ]),
  ]);
}
