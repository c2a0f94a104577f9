import { RESOLVED_CONF, startDns } from '../../agent/dns/dns.ts';
import { networkPolicyController } from '../../agent/policy/network-policy.ts';
import { healthChecks } from '../../agent/proxy/health-check.ts';
import { serviceProxy } from '../../agent/proxy/service-proxy.ts';
import type { Pod } from '../../lib/api/types.ts';
import { createCaches, type SharedCaches } from '../../lib/client/cache.ts';
import type { Client } from '../../lib/client/client.ts';
import { runControllers } from '../../lib/client/driver.ts';
import type { ObjectCache } from '../../lib/client/object-cache.ts';
import { endpointSlices, pods as podType, services } from '../../lib/client/resource-type.ts';
import type { NodeAgentConfig } from '../../lib/cluster/daemon-config.ts';
import type { Platform } from './control-plane.ts';

/** Service proxy and DNS of a node, as `system:kube-proxy` reads services. `pods` are the node's own. */
export async function startNodeNetworking(
  config: NodeAgentConfig,
  client: Client,
  pods: ObjectCache<Pod>,
  { clock, random, log }: Platform,
): Promise<{ stop(): Promise<void> }> {
  const abort = new AbortController();
  const onError = (error: unknown, resource: string) => log('cannot follow a resource', { resource, error });
  const shared = createCaches(client, { clock, random, onError });
  const caches = withPods(shared, pods);
  const read = { services: caches.cache(services), endpointSlices: caches.cache(endpointSlices) };
  const place = { nodeName: config.nodeName };
  const health = healthChecks(config.nodeIP, log);
  const range = { podCIDR: config.clusterCIDR, serviceCIDR: config.serviceCIDR, ownIPs: [config.dnsIP] };
  const proxy = serviceProxy({ ...read, pods, place, ...range, onSync: health.sync }, clock);
  const dns = await startDns({
    ...read,
    domain: config.dnsDomain,
    dnsIP: config.dnsIP,
    addresses: [config.dnsIP, config.nodeIP],
    serviceCIDR: config.serviceCIDR,
    podCIDR: config.clusterCIDR,
    resolvConfs: [config.resolvConf, RESOLVED_CONF],
    clock,
    random,
    log,
  });
  const { signal } = abort;
  const driver = {
    clock,
    random,
    signal,
    onError: (error: unknown, controller: string, key: string) => log('a reconcile failed', { controller, key, error }),
  };
  const policies = networkPolicyController({ caches: shared, ...place, dnsIP: config.dnsIP }, clock);
  const running = Promise.all([runControllers([proxy], caches, driver), runControllers([policies], shared, driver)]);
  caches.start(signal);
  return {
    async stop() {
      abort.abort();
      health.close();
      await Promise.all([running, dns.close()]);
    },
  };
}

/** The proxy needs no other node's pods, and `system:kube-proxy` may not read them. */
function withPods(caches: SharedCaches, pods: ObjectCache<Pod>): SharedCaches {
  const cache = ((type: any) => (type === podType ? pods : caches.cache(type))) as SharedCaches['cache'];
  return { ...caches, cache, subscribe: (type, handler) => cache(type).subscribe(handler) };
}
