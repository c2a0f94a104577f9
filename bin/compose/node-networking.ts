import { RESOLVED_CONF, startDns } from '../../agent/dns/dns.ts';
import { DNS_CONFIG_MAP, dnsConfigOf } from '../../agent/dns/dns-config.ts';
import { gatewayProcess } from '../../agent/ingress/gateway-process.ts';
import { networkPolicyController } from '../../agent/policy/network-policy.ts';
import { healthChecks } from '../../agent/proxy/health-check.ts';
import { serviceProxy } from '../../agent/proxy/service-proxy.ts';
import type { ConfigMap, Node, Pod } from '../../lib/api/types.ts';
import { createCaches } from '../../lib/client/cache.ts';
import type { Client } from '../../lib/client/client.ts';
import { runControllers } from '../../lib/client/driver.ts';
import { ObjectCache } from '../../lib/client/object-cache.ts';
import { reflect } from '../../lib/client/reflector.ts';
import { configMaps, endpointSlices, services } from '../../lib/client/resource-type.ts';
import type { NodeAgentConfig } from '../../lib/cluster/daemon-config.ts';
import type { Platform } from './control-plane.ts';
import { overlaid } from './overlaid.ts';

/** What the agent follows of its own node, and no one reads twice. */
export interface OwnCaches {
  pods: ObjectCache<Pod>;
  nodes: ObjectCache<Node>;
}

/** Service proxy, network policies, ingress gateway and DNS of a node, as `system:kube-proxy` reads the cluster. */
export async function startNodeNetworking(
  config: NodeAgentConfig,
  client: Client,
  own: OwnCaches,
  gatewayCommand: readonly string[],
  { clock, random, log }: Platform,
): Promise<{ stop(): Promise<void> }> {
  const abort = new AbortController();
  const onError = (error: unknown, resource: string) => log('cannot follow a resource', { resource, error });
  const create = () => createCaches(client, { clock, random, onError });
  const caches = overlaid(create(), [own.pods, own.nodes]);
  const read = { services: caches.cache(services), endpointSlices: caches.cache(endpointSlices) };
  const { nodeName, dnsIP, ingressIP } = config;
  const health = healthChecks(config.nodeIP, log);
  const range = { podCIDR: config.clusterCIDR, serviceCIDR: config.serviceCIDR, ownIPs: [dnsIP], ingressIP };
  const proxy = serviceProxy({ ...read, ...own, nodeName, ...range, onSync: health.sync }, clock);
  // Caches of their own: policies need all nodes' pods, and services do not wait for policies.
  const policyCaches = overlaid(create(), [read.services]);
  const gateway = ingressIP ? gatewayProcess(policyCaches, gatewayCommand, log) : undefined;
  const policies = networkPolicyController({ caches: policyCaches, nodeName, dnsIP, ingressIP }, clock);
  const dnsConfig = new ObjectCache<ConfigMap>(configMaps);
  const { signal } = abort;
  const following = reflect(client, dnsConfig, {
    clock,
    random,
    signal,
    onError,
    namespace: DNS_CONFIG_MAP.namespace,
    fieldSelector: `metadata.name=${DNS_CONFIG_MAP.name}`,
  });
  const dns = await startDns({
    ...read,
    domain: config.dnsDomain,
    dnsIP,
    addresses: [dnsIP, config.nodeIP],
    serviceCIDR: config.serviceCIDR,
    podCIDR: config.reverseCIDR ?? config.clusterCIDR,
    resolvConfs: [config.resolvConf, RESOLVED_CONF],
    config: () => dnsConfigOf(dnsConfig.get(`${DNS_CONFIG_MAP.namespace}/${DNS_CONFIG_MAP.name}`)),
    clock,
    random,
    log,
  });
  const onFailure = (error: unknown, controller: string, key: string) =>
    log('a reconcile failed', { controller, key, error });
  const driver = { clock, random, signal, onError: onFailure };
  const running = [
    runControllers([proxy], caches, driver),
    runControllers([policies, ...(gateway ? [gateway.controller] : [])], policyCaches, driver),
  ];
  for (const followed of [caches, policyCaches]) followed.start(signal);
  return {
    async stop() {
      abort.abort();
      health.close();
      await Promise.all([...running, following, dns.close(), gateway?.stop()]);
    },
  };
}
