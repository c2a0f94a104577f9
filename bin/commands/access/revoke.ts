import { ACCESS_NAMESPACE, accessEntryName } from '../../../lib/api/access-entry.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Client } from '../../../lib/client/client.ts';
import { configMaps } from '../../../lib/client/resource-type.ts';
import { ClusterError } from '../../../lib/cluster/error.ts';
import { unbindRoles } from './bindings.ts';
import { principalOf } from './grant.ts';

/** Takes away what `grant` gave. The stack's administrators stay. */
export async function revoke(client: Client, arn: string): Promise<string> {
  const principal = principalOf(arn);
  const ref = { namespace: ACCESS_NAMESPACE, name: accessEntryName(principal) };
  const missing = await client.delete(configMaps, ref).then(
    () => false,
    (error) => {
      if (isReason(error, 'NotFound')) return true;
      throw error;
    },
  );
  await unbindRoles(client, principal);
  if (missing) throw new ClusterError(`nothing was granted to ${principal}`);
  return `${principal} is no user any more\n`;
}
