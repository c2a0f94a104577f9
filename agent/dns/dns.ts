import { readFile } from 'node:fs/promises';
import type { EndpointSlice, Service } from '../../lib/api/types.ts';
import type { Cache } from '../../lib/client/controller.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { Log } from '../context.ts';
import { clusterRecords } from './cluster-records.ts';
import { type DnsConfig, serversFor } from './dns-config.ts';
import { nameServers } from './resolv-conf.ts';
import { createResolver } from './resolver.ts';
import { range } from './reverse-zone.ts';
import { type DnsServer, serveDns } from './server.ts';
import { routedUpstream } from './upstream.ts';
import { cachedUpstream } from './upstream-cache.ts';

export interface DnsOptions {
  services: Cache<Service>;
  endpointSlices: Cache<EndpointSlice>;
  domain: string;
  dnsIP: string;
  /** Where to answer, all of them addresses of this network namespace. */
  addresses: readonly string[];
  /** The cluster's ranges, for reverse lookups. */
  serviceCIDR: string;
  podCIDR: string;
  /** resolv.conf files, the first that names a server that can be reached counts. */
  resolvConfs: readonly string[];
  /** Stub domains and other servers, as they are now. */
  config(): DnsConfig;
  port?: number;
  clock: Clock;
  random: Random;
  log: Log;
}

const DNS_PORT = 53;
/** systemd-resolved writes the real servers here. Source: systemd-resolved.service(8). */
export const RESOLVED_CONF = '/run/systemd/resolve/resolv.conf';

/** The cluster's DNS, on every node: from caches, without a process or pod of its own. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const { domain, dnsIP, random, clock } = options;
  const records = clusterRecords(options.services, options.endpointSlices);
  const servers = await firstServers(options.resolvConfs);
  const serversOf = (name: string) => serversFor(options.config(), name, servers);
  const others = cachedUpstream(routedUpstream(serversOf, clock), clock);
  const ranges = [range(options.serviceCIDR), range(options.podCIDR)];
  const resolver = createResolver({ domain, dnsIP, records, random }, ranges, others);
  return serveDns(resolver, options.addresses, options.port ?? DNS_PORT, options.log);
}

async function firstServers(files: readonly string[]): Promise<string[]> {
  for (const file of files) {
    const servers = nameServers(await readFile(file, 'utf8').catch(() => ''));
    if (servers.length > 0) return servers;
  }
  return [];
}
