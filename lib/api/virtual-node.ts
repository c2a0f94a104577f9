import type { Node } from './types.ts';

/** On a Node without a machine: whose pods run elsewhere, told by the provider's name. */
export const VIRTUAL_NODE_LABEL = 'zeroplane.dev/virtual-node';

/** The provider of a node that no agent runs on: nobody sends heartbeats for it, and nothing listens there. */
export function virtualProvider({ metadata }: Pick<Node, 'metadata'>): string | undefined {
  return metadata?.labels?.[VIRTUAL_NODE_LABEL];
}

/** URLs of virtual nodes, `virtual://PROVIDER/…`, with the kubelet's paths. */
export const VIRTUAL_PROTOCOL = 'virtual:';
