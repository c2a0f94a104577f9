import { StatusError } from '../../../lib/api/status.ts';
import type { Client } from '../../../lib/client/client.ts';
import { type Discovered, discoverResources } from '../../../lib/client/discovery.ts';
import { metadataOf } from '../../../lib/client/resource-type.ts';
import { eachBounded } from '../../../lib/runtime/bounded.ts';
import type { Findings } from './conditions.ts';

const MAX_IN_FLIGHT = 8;
/** Counted for the message only: a page tells enough. */
const PAGE = 500;

/**
 * Deletes everything in a namespace, and says what is left. Pods go first: what they use must outlive them (KEP-5080).
 * Expected failures become findings.
 */
export async function deleteContent(client: Client, namespace: string): Promise<Findings> {
  const findings: Findings = { deletionErrors: [], remaining: new Map(), finalizers: new Map() };
  const resources = await discover(client, findings);
  const isPods = ({ type }: Discovered) => type.group === '' && type.resource === 'pods';
  for (const pods of resources.filter(isPods)) await deleteAll(client, namespace, pods, findings);
  if (findings.remaining.size > 0) return findings;
  const others = resources.filter((resource) => !isPods(resource));
  await eachBounded(others, MAX_IN_FLIGHT, (resource) => deleteAll(client, namespace, resource, findings));
  return findings;
}

async function discover(client: Client, findings: Findings): Promise<Discovered[]> {
  try {
    const all = await discoverResources(client);
    return all.filter(({ type, verbs }) => type.namespaced && verbs.includes('delete') && verbs.includes('list'));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    findings.discoveryError = error.message;
    return [];
  }
}

async function deleteAll(
  client: Client,
  namespace: string,
  { type, verbs }: Discovered,
  findings: Findings,
): Promise<void> {
  const listed = metadataOf(type);
  try {
    const before = await client.list(listed, { namespace, limit: PAGE });
    if (before.items.length === 0) return;
    if (verbs.includes('deletecollection')) {
      await client.deleteCollection(type, { namespace, propagationPolicy: 'Background' });
    } else {
      await eachBounded(before.items, MAX_IN_FLIGHT, ({ metadata: { name } }) =>
        client.delete(type, { namespace, name }),
      );
    }
    const after = await client.list(listed, { namespace, limit: PAGE });
    if (after.items.length > 0) findings.remaining.set(`${type.resource}.${type.group}`, after.items.length);
    for (const finalizer of after.items.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
      findings.finalizers.set(finalizer, (findings.finalizers.get(finalizer) ?? 0) + 1);
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    findings.deletionErrors.push(error.message);
  }
}
