import {
  ACCESS_NAMESPACE,
  type AccessEntry,
  accessConfigMap,
  accessEntryFault,
  accessEntryName,
  defaultUsername,
} from '../../../lib/api/access-entry.ts';
import { canonicalPrincipal } from '../../../lib/api/aws-principal.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Client } from '../../../lib/client/client.ts';
import { configMaps } from '../../../lib/client/resource-type.ts';
import { ClusterError } from '../../../lib/cluster/error.ts';
import { bindRole, unbindRoles } from './bindings.ts';

export interface GrantOptions {
  username?: string;
  group?: readonly string[];
  admin?: boolean;
  edit?: boolean;
  view?: boolean;
  namespace?: string;
}

/** Makes an IAM principal a user of the cluster, as told last. With a preset a role is bound to a group that is named after the principal. */
export async function grant(client: Client, arn: string, options: GrantOptions): Promise<string> {
  const principal = principalOf(arn);
  const role = presetOf(options);
  const entry: AccessEntry = {
    principal,
    username: options.username ?? defaultUsername(principal),
    groups: [...new Set([...(options.group ?? []), ...(role ? [principal] : [])])],
  };
  const fault = accessEntryFault(entry);
  if (fault) throw new ClusterError(fault, 2);
  // Whoever could do more before must not for a moment have the sum of both.
  await unbindRoles(client, principal);
  if (role) await bindRole(client, principal, role, options.namespace);
  await write(client, entry);
  const where = options.namespace ? ` in namespace ${options.namespace}` : '';
  const rights = role ? `, ${role}${where}` : entry.groups.length > 0 ? '' : ', without any rights of its own';
  return `${principal} is user ${entry.username}${rights}\n`;
}

export function principalOf(arn: string): string {
  const principal = canonicalPrincipal(arn);
  if (principal) return principal;
  throw new ClusterError(`${arn} is no ARN of an IAM user or role (arn:aws:iam::ACCOUNT:role/NAME)`, 2);
}

function presetOf({ admin, edit, view, namespace }: GrantOptions): string | undefined {
  const presets = [admin && 'admin', edit && 'edit', view && 'view'].filter(Boolean) as string[];
  if (presets.length > 1) throw new ClusterError('say one of --admin, --edit and --view', 2);
  const [preset] = presets;
  if (!preset && namespace) throw new ClusterError('--namespace says where --admin, --edit or --view holds', 2);
  return preset === 'admin' && !namespace ? 'cluster-admin' : preset;
}

async function write(client: Client, entry: AccessEntry): Promise<void> {
  const object = accessConfigMap(entry);
  const ref = { namespace: ACCESS_NAMESPACE, name: accessEntryName(entry.principal) };
  try {
    await client.create(configMaps, object);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const { data, metadata } = object;
    await client.patch(configMaps, ref, { type: 'merge', body: { data, metadata: { labels: metadata?.labels } } });
  }
}
