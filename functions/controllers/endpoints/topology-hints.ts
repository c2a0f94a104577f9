import { parseQuantity } from '../../../lib/api/quantity.ts';
import type { Node, Service } from '../../../lib/api/types.ts';
import { isReadyNode } from '../node-state.ts';

const MODE = 'service.kubernetes.io/topology-mode';
const OLD_MODE = 'service.kubernetes.io/topology-aware-hints';
const ZONE = 'topology.kubernetes.io/zone';
const EXCLUDED = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
/** A zone's endpoints may get a fifth more traffic than their share. Source: OverloadThreshold in k8s.io/endpointslice/topologycache. */
const OVERLOAD = 0.2;

/** The annotation comes before `trafficDistribution`. */
export function wantsTopologyHints({ metadata }: Service): boolean {
  const mode = metadata?.annotations?.[MODE] ?? metadata?.annotations?.[OLD_MODE];
  return mode === 'Auto' || mode === 'auto';
}

/** What part of the cluster's CPU each zone has. Undefined: a node does not say its zone or its CPU, or there is only one zone. */
export function cpuShares(nodes: readonly Node[]): ReadonlyMap<string, number> | undefined {
  const byZone = new Map<string, number>();
  for (const node of nodes) {
    if (!counts(node)) continue;
    const zone = node.metadata?.labels?.[ZONE];
    const cpu = parseQuantity(String(node.status?.allocatable?.['cpu'] ?? '0')).milliValue();
    if (!zone || cpu <= 0) return undefined;
    byZone.set(zone, (byZone.get(zone) ?? 0) + cpu);
  }
  if (byZone.size < 2) return undefined;
  const total = [...byZone.values()].reduce((sum, cpu) => sum + cpu, 0);
  return new Map([...byZone].map(([zone, cpu]) => [zone, cpu / total]));
}

/** What of a node the shares depend on. */
export function topologyOf(node: Node | undefined): string {
  if (!node || !counts(node)) return '';
  return JSON.stringify([node.metadata?.labels?.[ZONE], node.status?.allocatable?.['cpu']]);
}

function counts(node: Node): boolean {
  return isReadyNode(node) && !EXCLUDED.some((label) => label in (node.metadata?.labels ?? {}));
}

/** A ready endpoint and the zone it is in. */
export interface Located {
  key: string;
  zone: string | undefined;
}

/**
 * For which zone each endpoint is to serve, so that every zone is served by as much as it has CPU: its own endpoints first (KEP-2433).
 * Undefined: it cannot be done within the threshold, and then nobody is hinted. Pure; the same endpoints get the same hints.
 */
export function planTopologyHints(
  located: readonly Located[],
  shares: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, string> | undefined {
  if (!shares || shares.size > located.length || located.some(({ zone }) => !zone)) return undefined;
  const zones = zoneLimits(shares, located.length);
  if (!zones) return undefined;
  const held = new Map<string, string[]>([...shares.keys()].map((zone) => [zone, []]));
  const left: string[] = [];
  for (const { key, zone } of [...located].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    const own = held.get(zone!);
    if (own && own.length < zones.get(zone!)!.max) own.push(key);
    else left.push(key);
  }
  const filled = (zone: string) => held.get(zone)!.length / zones.get(zone)!.desired;
  const emptiest = () => [...shares.keys()].reduce((a, b) => (filled(b) < filled(a) ? b : a));
  for (const key of left) held.get(emptiest())!.push(key);
  for (const [zone, { min }] of zones) {
    while (held.get(zone)!.length < min) {
      const fullest = [...shares.keys()].reduce((a, b) => (filled(b) > filled(a) ? b : a));
      held.get(zone)!.push(held.get(fullest)!.pop()!);
    }
  }
  return new Map([...held].flatMap(([zone, keys]) => keys.map((key) => [key, zone] as const)));
}

function zoneLimits(shares: ReadonlyMap<string, number>, endpoints: number) {
  const zones = [...shares].map(([zone, share]) => {
    const desired = share * endpoints;
    return { zone, desired, min: Math.ceil(desired / (1 + OVERLOAD)) };
  });
  const spare = endpoints - zones.reduce((sum, { min }) => sum + min, 0);
  if (spare < 0) return undefined;
  return new Map(zones.map(({ zone, desired, min }) => [zone, { desired, min, max: min + spare }]));
}
