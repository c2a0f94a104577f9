import { createServer, type Server } from 'node:http';
import type { Log } from '../context.ts';
import type { ServicePortTarget } from './service-port.ts';

export interface HealthChecks {
  /** Opens and closes ports as the services have them. */
  sync(targets: readonly ServicePortTarget[]): void;
  close(): void;
}

interface Check {
  namespace: string;
  name: string;
  localEndpoints: number;
}

/**
 * Answers at the healthCheckNodePort of services with externalTrafficPolicy Local: 200 where there are endpoints on this node,
 * 503 where there are none, so that a load balancer passes the node by. Source: pkg/proxy/healthcheck/service_health.go.
 */
export function healthChecks(address: string, log: Log): HealthChecks {
  const servers = new Map<number, Server>();
  const checks = new Map<number, Check>();
  return {
    sync(targets) {
      checks.clear();
      for (const [port, check] of checksOf(targets)) checks.set(port, check);
      for (const [port, server] of servers) {
        if (checks.has(port)) continue;
        server.close();
        servers.delete(port);
      }
      for (const port of checks.keys()) {
        if (!servers.has(port))
          servers.set(
            port,
            listen(port, address, () => checks.get(port), log),
          );
      }
    },
    close() {
      for (const server of servers.values()) server.close();
    },
  };
}

/** By port; an endpoint that serves several ports of its service counts once, one that terminates not: new traffic is not for it. */
export function checksOf(targets: readonly ServicePortTarget[]): Map<number, Check> {
  const found = new Map<number, Check>();
  const byPort = Map.groupBy(
    targets.filter((target) => target.healthCheckNodePort > 0),
    (target) => target.healthCheckNodePort,
  );
  for (const [port, ofService] of byPort) {
    const [namespace = '', name = ''] = (ofService[0]?.name ?? '').split(':')[0]?.split('/') ?? [];
    const ips = new Set(ofService.flatMap((target) => target.local.filter(({ ready }) => ready).map(({ ip }) => ip)));
    found.set(port, { namespace, name, localEndpoints: ips.size });
  }
  return found;
}

function listen(port: number, address: string, check: () => Check | undefined, log: Log): Server {
  const server = createServer((_, response) => {
    const { namespace = '', name = '', localEndpoints = 0 } = check() ?? {};
    const headers = { 'content-type': 'application/json', 'x-load-balancing-endpoint-weight': `${localEndpoints}` };
    const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: true };
    response.writeHead(localEndpoints > 0 ? 200 : 503, headers).end(JSON.stringify(body));
  });
  server.on('error', (error) => log('cannot serve a health check', { port, error }));
  return server.listen(port, address);
}
