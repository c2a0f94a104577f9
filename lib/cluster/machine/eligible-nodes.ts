import { createHash } from 'node:crypto';
import type { Stored } from '../../api/object.ts';
import type { EndpointSlice, Node, Service } from '../../api/types.ts';

/** By this label a node asks for no traffic from load balancers (core/v1 LabelNodeExcludeBalancers). */
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** A node that traffic from the machine can be sent to. */
export interface Gateway {
  name: string;
  ip: string;
}

export function readyNodes(nodes: readonly Stored<Node>[]): Gateway[] {
  return nodes.flatMap(({ metadata, status }) => {
    const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
    const ip = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    return ready && ip ? [{ name: metadata.name, ip }] : [];
  });
}

/** Nodes that serve it: with externalTrafficPolicy Local those that have endpoints, otherwise all. */
export function servingNodes(
  service: Service,
  slices: readonly EndpointSlice[],
  nodes: readonly Stored<Node>[],
): Gateway[] {
  const ready = readyNodes(nodes.filter(({ metadata }) => !(EXCLUDED in (metadata.labels ?? {}))));
  if (service.spec?.externalTrafficPolicy !== 'Local') return ready;
  const holders = holdersOf(slices);
  return ready.filter(({ name }) => holders.has(name));
}

/** Nodes with ready endpoints; if there are none, those whose endpoints still serve while they terminate, as the proxy has it. */
function holdersOf(slices: readonly EndpointSlice[]): Set<string | undefined> {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  const serving = endpoints.filter(({ conditions }) => conditions?.serving && conditions.terminating);
  return new Set((ready.length > 0 ? ready : serving).map(({ nodeName }) => nodeName));
}

/** One of them, the same again while it is there: connections do not outlive a change of node. */
export function chosen(key: string, nodes: readonly Gateway[], current?: string): Gateway | undefined {
  const kept = nodes.find(({ ip }) => ip === current);
  const weight = ({ name }: Gateway) => createHash('sha256').update(`${key} ${name}`).digest('hex');
  return kept ?? [...nodes].sort((a, b) => (weight(a) < weight(b) ? -1 : 1))[0];
}
