import { ClusterError } from '../error.ts';
import { type Cidr, firstFree, format, overlaps, parseCidr, rangesFrom } from './cidr.ts';
import { ipJson } from './ip.ts';

/** Ranges that the machine's routes already lead to, but for those over our own bridge. */
export async function usedRanges(bridge: string): Promise<Cidr[]> {
  const routes = await ipJson('-4', 'route', 'show', 'table', 'all');
  return routes
    .filter((route) => route.dev !== bridge && route.dst !== 'default' && route.type !== 'broadcast')
    .map((route) => parseCidr(route.dst));
}

/** Nodes live in a /24 of private space that kind and minikube do not use by default. */
export function freeNodeRange(used: readonly Cidr[]): string {
  const free = firstFree(rangesFrom('192.168.80.0', 24, 170), used);
  if (!free) throw new ClusterError('no /24 of 192.168.80.0–192.168.249.0 is free on this machine');
  return format(free);
}

/** The default, or the next /16 after it that no other cluster has: the machine's routes tell pods of several clusters apart. */
export function freePodRange(used: readonly Cidr[]): string {
  const free = firstFree(rangesFrom('10.244.0.0', 16, 12), used);
  if (!free)
    throw new ClusterError('no range for pods from 10.244.0.0/16 to 10.255.0.0/16 is free: choose one with --pod-cidr');
  return format(free);
}

export function isFree(range: string, used: readonly Cidr[]): boolean {
  return !used.some((cidr) => overlaps(parseCidr(range), cidr));
}
