import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { CSINode, CSINodeDriver, Node } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { csiNodes } from '../../../lib/client/resource-type.ts';

/** Another writer may be in between. */
const MAX_ATTEMPTS = 5;

/** The node's CSINode: which drivers there are. Source: pkg/volume/csi/nodeinfomanager. */
export async function writeCsiNode(
  client: Client,
  node: Node,
  change: (drivers: readonly CSINodeDriver[]) => CSINodeDriver[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(client, node, change);
    } catch (error) {
      if (!isReason(error, 'Conflict', 'AlreadyExists') || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function writeOnce(
  client: Client,
  node: Node,
  change: (drivers: readonly CSINodeDriver[]) => CSINodeDriver[],
): Promise<void> {
  const { name = '', uid = '' } = node.metadata ?? {};
  const found = await client.get(csiNodes, { name }).catch(absent);
  const before = found?.spec?.drivers ?? [];
  const drivers = change(before);
  if (!found) {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    await client.create(csiNodes, { metadata: { name, ownerReferences }, spec: { drivers } });
  } else if (JSON.stringify(drivers) !== JSON.stringify(before)) {
    // What a driver says of itself cannot be changed, only taken away and said anew.
    await client.update(csiNodes, { ...found, spec: { drivers } } as Stored<CSINode>);
  }
}

function absent(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error;
}
