import { ACCESS_KIND, ACCESS_LABEL, accessEntryName } from '../../../lib/api/access-entry.ts';
import type { ClusterRoleBinding, RoleBinding } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { resourceType } from '../../../lib/client/resource-type.ts';

const RBAC = 'rbac.authorization.k8s.io';
const clusterRoleBindings = resourceType<ClusterRoleBinding>(
  RBAC,
  'v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
  false,
);
const roleBindings = resourceType<RoleBinding>(RBAC, 'v1', 'rolebindings', 'RoleBinding');

const SELECTOR = `${ACCESS_LABEL}=${ACCESS_KIND}`;

/** In one namespace, or everywhere. */
export async function bindRole(client: Client, principal: string, role: string, namespace?: string): Promise<void> {
  const binding = {
    metadata: { name: accessEntryName(principal), labels: { [ACCESS_LABEL]: ACCESS_KIND } },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: RBAC, kind: 'Group', name: principal }],
  };
  if (!namespace) await client.create(clusterRoleBindings, binding);
  else await client.create(roleBindings, { ...binding, metadata: { ...binding.metadata, namespace } });
}

/** A binding's role cannot be changed: what there is goes. */
export async function unbindRoles(client: Client, principal: string): Promise<void> {
  const name = accessEntryName(principal);
  const [everywhere, somewhere] = await all(client);
  for (const { metadata } of everywhere.filter((binding) => binding.metadata.name === name))
    await client.delete(clusterRoleBindings, { name: metadata.name });
  for (const { metadata } of somewhere.filter((binding) => binding.metadata.name === name))
    await client.delete(roleBindings, { name: metadata.name, namespace: metadata.namespace });
}

/** What presets have given: `cluster-admin`, `edit in namespace web`, by the entry's name. */
export async function boundRoles(client: Client): Promise<Map<string, string>> {
  const [everywhere, somewhere] = await all(client);
  return new Map(
    [...everywhere, ...somewhere].map(({ metadata, roleRef }) => [
      metadata.name,
      metadata.namespace ? `${roleRef.name} in ${metadata.namespace}` : roleRef.name,
    ]),
  );
}

async function all(client: Client) {
  const [everywhere, somewhere] = await Promise.all([
    client.list(clusterRoleBindings, { labelSelector: SELECTOR }),
    client.list(roleBindings, { labelSelector: SELECTOR }),
  ]);
  return [everywhere.items, somewhere.items] as const;
}
