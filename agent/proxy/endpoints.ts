import type { Endpoint } from '../../lib/api/types.ts';

/** One address that serves one port of a service. */
export interface EndpointAddress {
  ip: string;
  port: number;
  local: boolean;
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  zones: readonly string[];
  nodes: readonly string[];
}

export interface Place {
  nodeName: string;
  zone?: string | undefined;
}

/** Conditions that are absent mean yes. Source: discovery/v1 EndpointConditions. */
export function toAddress(endpoint: Endpoint, ip: string, port: number, place: Place): EndpointAddress {
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {};
  return {
    ip,
    port,
    local: endpoint.nodeName === place.nodeName,
    ready,
    serving,
    terminating,
    zones: (endpoint.hints?.forZones ?? []).map((zone) => zone.name),
    nodes: (endpoint.hints?.forNodes ?? []).map((node) => node.name),
  };
}

/** What traffic with policy Cluster may reach. */
export function clusterEndpoints(all: readonly EndpointAddress[], place: Place): EndpointAddress[] {
  return hinted(usable(all), place);
}

/** What traffic with policy Local may reach. */
export function localEndpoints(all: readonly EndpointAddress[]): EndpointAddress[] {
  return usable(all.filter((endpoint) => endpoint.local));
}

/** Those that are ready; when none is, those that still serve while they terminate (KEP-1669). */
function usable(all: readonly EndpointAddress[]): EndpointAddress[] {
  const ready = all.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : all.filter((endpoint) => endpoint.serving && endpoint.terminating);
}

/** Topology hints count only when every endpoint has them and one is meant for here (KEP-2433, KEP-3015). */
function hinted(endpoints: EndpointAddress[], place: Place): EndpointAddress[] {
  const forNode = endpoints.filter((endpoint) => endpoint.nodes.includes(place.nodeName));
  if (forNode.length > 0 && endpoints.every((endpoint) => endpoint.nodes.length > 0)) return forNode;
  const forZone = endpoints.filter((endpoint) => place.zone !== undefined && endpoint.zones.includes(place.zone));
  return forZone.length > 0 && endpoints.every((endpoint) => endpoint.zones.length > 0) ? forZone : endpoints;
}
