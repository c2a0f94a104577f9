import {
  ACCESS_KIND,
  ACCESS_LABEL,
  ACCESS_NAMESPACE,
  accessEntryName,
  accessEntryOf,
} from '../../../lib/api/access-entry.ts';
import type { Client } from '../../../lib/client/client.ts';
import { configMaps } from '../../../lib/client/resource-type.ts';
import { boundRoles } from './bindings.ts';

/** The principals that something was granted to. The stack's administrators are in its settings, not here. */
export async function list(client: Client): Promise<string> {
  const labelSelector = `${ACCESS_LABEL}=${ACCESS_KIND}`;
  const { items } = await client.list(configMaps, { namespace: ACCESS_NAMESPACE, labelSelector });
  const roles = await boundRoles(client);
  const rows = items.flatMap((object) => {
    const entry = accessEntryOf(object);
    if (!entry) return [];
    const { principal, username, groups } = entry;
    const shown = groups.filter((group) => group !== principal).join(',');
    return [[principal, username, shown || '-', roles.get(accessEntryName(principal)) ?? '-']];
  });
  if (rows.length === 0) return 'nothing is granted to anybody\n';
  return table([['PRINCIPAL', 'USERNAME', 'GROUPS', 'ROLE'], ...rows]);
}

function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column]! + 3)).join('');
  return `${rows.map((row) => line(row).trimEnd()).join('\n')}\n`;
}
