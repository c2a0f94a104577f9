import type { EndpointAddress, EndpointSubset, Service } from '../../../lib/api/types.ts';
import { canonicalJson } from '../hash.ts';
import { addressOf, isHeadless, type PodEndpoint } from './pod-endpoint.ts';

/** An Endpoints object holds no more addresses than this; EndpointSlices hold all. */
const MAX_ADDRESSES = 1000;

export interface SubsetPlan {
  subsets: EndpointSubset[];
  truncated: boolean;
}

/** Pods with equal ports share a subset. Terminating pods are only in it if unready addresses are published. Source: pkg/controller/endpoint. */
export function planSubsets(service: Service, pods: readonly PodEndpoint[]): SubsetPlan {
  const family = (service.spec?.ipFamilies?.[0] ?? 'IPv4') as 'IPv4' | 'IPv6';
  const shown = pods.filter(({ terminating }) => !terminating || service.spec?.publishNotReadyAddresses);
  const entries = shown.flatMap((pod) => {
    const ip = addressOf(pod.pod, family);
    const portless = pod.ports.length === 0 && !(isHeadless(service) && !service.spec?.ports?.length);
    return ip === undefined || portless ? [] : [{ pod, address: toAddress(pod, ip) }];
  });
  // Pods on their node's network may share an address: the order must not come from the cache's.
  const place = ({ address }: { address: EndpointAddress }) => `${address.ip} ${address.targetRef?.uid}`;
  entries.sort((a, b) => Number(b.pod.ready) - Number(a.pod.ready) || (place(a) < place(b) ? -1 : 1));
  return { subsets: toSubsets(entries.slice(0, MAX_ADDRESSES)), truncated: entries.length > MAX_ADDRESSES };
}

function toAddress({ pod, hostname }: PodEndpoint, ip: string): EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  const nodeName = pod.spec?.nodeName;
  return {
    ip,
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function toSubsets(entries: readonly { pod: PodEndpoint; address: EndpointAddress }[]): EndpointSubset[] {
  const subsets = new Map<string, EndpointSubset>();
  for (const { pod, address } of entries) {
    // An only port may be without a name, which Endpoints leave out.
    const ports = pod.ports.map(({ name, ...port }) => (name === '' ? port : { name, ...port }));
    const key = canonicalJson(ports);
    const subset: EndpointSubset = subsets.get(key) ?? (ports.length > 0 ? { ports } : {});
    subsets.set(key, subset);
    const field = pod.ready ? 'addresses' : 'notReadyAddresses';
    subset[field] = [...(subset[field] ?? []), address];
  }
  return [...subsets.values()];
}
