import { notFound, StatusError } from '../../../lib/api/status.ts';
import type { Node } from '../../../lib/api/types.ts';
import type { Server } from '../dependencies.ts';
import { keyOf } from '../registry/resource-table.ts';
import { decodeStored } from '../registry/stored.ts';

/** The order in which a node's addresses are tried. The names of nodes resolve nowhere, so addresses come first. */
const PREFERRED_ADDRESSES = ['InternalIP', 'ExternalIP', 'InternalDNS', 'ExternalDNS', 'Hostname'];
const AGENT_PORT = 10250;

/** Where a node's agent listens. */
export async function agentUrl(server: Server, nodeName: string): Promise<URL> {
  const type = server.resources.lookup('', 'v1', 'nodes')!;
  const item = await server.store.get(keyOf(type, '', nodeName));
  if (!item) throw notFound(type, nodeName);
  const { status } = decodeStored(item.value) as Node;
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
