import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EndpointAddress } from './endpoints.ts';
import type { ServicePortTarget } from './service-port.ts';

/** Connection-tracking entries to forget: of UDP, which has no end of connection by which they would go by themselves. */
export interface StaleFlows {
  /** Undefined: sent to a node port, at whichever address. */
  destination?: string;
  port: number;
  /** Undefined: whatever they were translated to, even to nothing. */
  endpoint?: string;
}

/**
 * Flows whose endpoint is gone would go on to nowhere; flows that began before there was an endpoint bypass it.
 * Source: pkg/proxy/conntrack/cleanup.go.
 */
export function staleFlows(previous: readonly ServicePortTarget[], next: readonly ServicePortTarget[]): StaleFlows[] {
  const after = new Map(next.map((service) => [service.name, service]));
  const before = new Map(previous.map((service) => [service.name, service]));
  const lost = previous.filter(isUdp).flatMap((service) => {
    const kept = new Set(endpoints(after.get(service.name)).map(addressOf));
    const gone = endpoints(service).filter((endpoint) => !kept.has(addressOf(endpoint)));
    // A port that changes at the same address is another endpoint; flows are told apart by address, which is enough.
    return [...new Set(gone.map(({ ip }) => ip))].flatMap((endpoint) =>
      flowsOf(service).map((flow) => ({ ...flow, endpoint })),
    );
  });
  const begun = next.filter((service) => isUdp(service) && service.cluster.length > 0);
  const fresh = begun.filter((service) => !before.get(service.name)?.cluster.length).flatMap(flowsOf);
  return [...lost, ...fresh];
}

function isUdp(service: ServicePortTarget): boolean {
  return service.protocol === 'udp';
}

function endpoints(service: ServicePortTarget | undefined): EndpointAddress[] {
  return service ? [...service.cluster, ...service.local] : [];
}

function addressOf({ ip, port }: EndpointAddress): string {
  return `${ip}:${port}`;
}

function flowsOf(service: ServicePortTarget): StaleFlows[] {
  const ips = [service.clusterIP, ...service.externalIPs, ...service.loadBalancerIPs];
  const flows: StaleFlows[] = ips.map((destination) => ({ destination, port: service.port }));
  return service.nodePort > 0 ? [...flows, { port: service.nodePort }] : flows;
}

const run = promisify(execFile);

export async function forgetFlows(flows: readonly StaleFlows[]): Promise<void> {
  for (const { destination, port, endpoint } of flows) {
    const args = ['-D', '-p', 'udp', '--dport', `${port}`];
    if (destination) args.push('--orig-dst', destination);
    if (endpoint) args.push('--dst-nat', endpoint);
    // conntrack ends with 1 when nothing matched.
    await run('conntrack', args).catch(ignoreNothingDeleted);
  }
}

function ignoreNothingDeleted(error: { stderr?: string }): void {
  if (!/0 flow entries have been deleted/.test(error.stderr ?? '')) throw error;
}
