import { isReason } from '../../../lib/api/status.ts';
import type { Node } from '../../../lib/api/types.ts';
import type { Cache } from '../../../lib/client/controller.ts';
import { nodes } from '../../../lib/client/resource-type.ts';
import { timestamp } from '../../../lib/runtime/clock.ts';
import type { Hands } from '../../controllers/dependencies.ts';
import { NODE_NAME, virtualNode } from './virtual-node.ts';

/** The node is there. Whoever does not want it turns it off: deleted, it comes again. */
export async function ensureNode(cache: Cache<Node>, version: string, { client, clock }: Hands): Promise<undefined> {
  if (cache.get(NODE_NAME)) return;
  const { status, ...node } = virtualNode(version, timestamp(clock));
  try {
    const made = await client.create(nodes, node as Node);
    await client.update(nodes, { ...made, status }, { subresource: 'status' });
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
}
