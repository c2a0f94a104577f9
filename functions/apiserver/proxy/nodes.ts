import { notFound, StatusError } from '../../../lib/api/status.ts';
import type { Node } from '../../../lib/api/types.ts';
import { VIRTUAL_PROTOCOL, virtualProvider } from '../../../lib/api/virtual-node.ts';
import type { Server } from '../dependencies.ts';
import { keyOf } from '../registry/resource-table.ts';
import { decodeStored } from '../registry/stored.ts';

/** The order in which a node's addresses are tried. The names of nodes resolve nowhere, so addresses come first. */
const PREFERRED_ADDRESSES = ['InternalIP', 'ExternalIP', 'InternalDNS', 'ExternalDNS', 'Hostname'];
const AGENT_PORT = 10250;

/** Where a node's agent listens. At a virtual node none does: its URL leads to what answers in its place. */
export async function agentUrl(server: Server, nodeName: string): Promise<URL> {
  const type = server.resources.lookup('', 'v1', 'nodes')!;
  const item = await server.store.get(keyOf(type, '', nodeName));
  if (!item) throw notFound(type, nodeName);
  const node = decodeStored(item.value) as Node;
  const provider = virtualProvider(node);
  if (provider) return new URL(`${VIRTUAL_PROTOCOL}//${provider}/`);
  const { status } = node;
  const addresses = status?.addresses ?? [];
  const address = PREFERRED_ADDRESSES.map((wanted) => addresses.find(({ type: kind }) => kind === wanted)).find(
    Boolean,
  );
  if (!address) throw new StatusError(500, '', 'no preferred addresses found; known addresses: []');
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port || AGENT_PORT;
  return new URL(`https://${hostOf(address.address)}:${port}/`);
}

/** IPv6 addresses stand in brackets in a URL. */
export function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
