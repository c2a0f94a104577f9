import type { Node } from '../../lib/api/types.ts';
import { conditionOf } from './conditions.ts';

export function isReadyNode({ status }: Pick<Node, 'status'>): boolean {
  return conditionOf(status?.conditions, 'Ready')?.status === 'True';
}
