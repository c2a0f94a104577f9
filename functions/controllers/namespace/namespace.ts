import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Namespace } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { Controller, Result } from '../../../lib/client/controller.ts';
import { namespaces, pods } from '../../../lib/client/resource-type.ts';
import { type Clock, timestamp } from '../../../lib/runtime/clock.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { canonicalJson } from '../hash.ts';
import { type Findings, namespaceConditions } from './conditions.ts';
import { deleteContent } from './content.ts';

const FINALIZER = 'kubernetes';
/** Who waits for finalizers and graceful ends is looked at this often; the last pod's end is heard of at once. */
const RECHECK_MS = 2000;
const MAX_RECHECK_MS = 300_000;
/** Who has waited long already is looked at more seldom: a finalizer that nobody removes may hold a namespace for ever. */
const RECHECKS = 10;

/** Empties a namespace that is being deleted, then lets it go. */
export function createNamespaceController({ caches, clientFor, clock }: ControllerDependencies): Controller {
  const cache = caches.cache(namespaces);
  const client = clientFor('namespace-controller');
  return {
    name: 'namespace',
    concurrency: 10,
    watches: [
      {
        type: namespaces,
        keys: (namespace) => (namespace?.metadata.deletionTimestamp ? [namespace.metadata.name] : []),
      },
      { type: pods, keys: (pod, previous) => (pod ? [] : terminatingNamespace(previous?.metadata.namespace)) },
    ],
    async reconcile(name) {
      if (!cache.get(name)?.metadata.deletionTimestamp) return undefined;
      try {
        return await finalize(client, clock, await client.get(namespaces, { name }));
      } catch (error) {
        if (isReason(error, 'NotFound')) return undefined;
        throw error;
      }
    },
  };

  function terminatingNamespace(name: string | undefined): string[] {
    return name !== undefined && cache.get(name)?.metadata.deletionTimestamp ? [name] : [];
  }
}

async function finalize(client: Client, clock: Clock, namespace: Stored<Namespace>): Promise<Result | undefined> {
  if (!namespace.metadata.deletionTimestamp || !namespace.spec?.finalizers?.includes(FINALIZER)) return undefined;
  const terminating = await markTerminating(client, namespace);
  const findings = await deleteContent(client, namespace.metadata.name);
  const current = await writeConditions(client, clock, terminating, findings);
  if (findings.deletionErrors.length > 0 || findings.discoveryError || findings.remaining.size > 0) {
    return { requeueAfterMs: recheckMs(namespace, clock.now()) };
  }
  const finalizers = current.spec?.finalizers?.filter((finalizer) => finalizer !== FINALIZER);
  await client.update(namespaces, { ...current, spec: { ...current.spec, finalizers } }, { subresource: 'finalize' });
  return undefined;
}

function recheckMs({ metadata }: Stored<Namespace>, now: number): number {
  const waited = now - timeMs(metadata.deletionTimestamp);
  return Math.min(MAX_RECHECK_MS, Math.max(RECHECK_MS, waited / RECHECKS));
}

/** From then on admission lets nothing new in. */
function markTerminating(client: Client, namespace: Stored<Namespace>): Promise<Stored<Namespace>> {
  if (namespace.status?.phase === 'Terminating') return Promise.resolve(namespace);
  const status = { ...namespace.status, phase: 'Terminating' };
  return client.update(namespaces, { ...namespace, status }, { subresource: 'status' });
}

async function writeConditions(
  client: Client,
  clock: Clock,
  namespace: Stored<Namespace>,
  findings: Findings,
): Promise<Stored<Namespace>> {
  const conditions = namespaceConditions(namespace.status?.conditions, findings, timestamp(clock));
  if (canonicalJson(conditions) === canonicalJson(namespace.status?.conditions ?? [])) return namespace;
  const status = { ...namespace.status, conditions };
  return client.update(namespaces, { ...namespace, status }, { subresource: 'status' });
}
