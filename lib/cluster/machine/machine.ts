import type { SharedCaches } from '../../client/cache.ts';
import type { Controller } from '../../client/controller.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { MachineConfig } from '../daemon-config.ts';
import { type Closable, forwardTcp } from './loopback.ts';
import { followNodePorts } from './node-ports.ts';
import { machineRoutes } from './routes.ts';

/** The machine's own part of the cluster's network: ways in, at addresses of the bridge and at 127.0.0.1. */
export function joinMachine(
  config: MachineConfig,
  caches: SharedCaches,
  log: Log,
  clock: Clock,
): { controller: Controller; close(): void } {
  const { bridge, ingressIP, ingressPorts, loadBalancerAddresses } = config;
  const isOurs = within(loadBalancerAddresses);
  const open: Closable[] = [followNodePorts(caches, log, clock)];
  for (const [port, to] of [
    [ingressPorts.http, 80],
    [ingressPorts.https, 443],
  ] as const) {
    const failed = (error: Error) => log('Ingress does not answer at 127.0.0.1', { port, why: error.message });
    open.push(forwardTcp(port, () => ({ host: ingressIP, port: to }), failed));
  }
  return {
    controller: machineRoutes({ caches, bridge, ingressIP, isOurs }),
    close: () => {
      for (const one of open) one.close();
    },
  };
}

/** `192.168.80.128-192.168.80.254` */
function within(addresses: string): (ip: string) => boolean {
  const number = (ip: string) => ip.split('.').reduce((total, octet) => total * 256 + Number(octet), 0);
  const [first = 0, last = 0] = addresses.split('-').map(number);
  return (ip) => number(ip) >= first && number(ip) <= last;
}
