import { validateSchema } from '../../../lib/api/schema.ts';
import { notFound } from '../../../lib/api/status.ts';
import { StoreError } from '../../../lib/storage/contract.ts';
import type { Server } from '../dependencies.ts';
import { type WithMeta, withMeta } from './metadata.ts';
import { keyOf, type ResourceType } from './resource-table.ts';
import { storeFailure } from './store-failure.ts';
import { decodeFor, encodeStored } from './stored.ts';

const MAX_ATTEMPTS = 10;

/**
 * Changes a stored object on the apiserver's own account: no admission, no validation, as kube-apiserver's own writes of
 * bindings and disruption budgets. `change` edits a fresh copy and may throw to refuse.
 */
export async function rewrite(
  server: Server,
  type: ResourceType,
  name: { namespace: string; name: string },
  dryRun: boolean,
  change: (object: WithMeta) => void,
): Promise<Uint8Array> {
  const key = keyOf(type, name.namespace, name.name);
  for (let attempt = 1; ; attempt++) {
    const item = await server.store.get(key);
    if (!item) throw notFound(type, name.name);
    const changed = withMeta(decodeFor(type, item.value));
    change(changed);
    const { object } = validateSchema(changed, type, { fieldValidation: 'Ignore' });
    if (dryRun) return encodeStored(type, object, item.revision);
    try {
      const value = (revision: number) => encodeStored(type, object, revision);
      return (await server.store.commit([{ op: 'update', key, revision: item.revision, value }])).items[0]!.value;
    } catch (error) {
      const moved = error instanceof StoreError && error.reason === 'Conflict';
      if (!moved || attempt === MAX_ATTEMPTS) throw storeFailure(error, type, name.name);
    }
  }
}
