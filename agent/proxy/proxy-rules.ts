import { baseRules, type ClusterRange } from './base-rules.ts';
import { addHostPort, type HostPort } from './host-ports.ts';
import type { Ruleset } from './ruleset.ts';
import type { ServicePortTarget } from './service-port.ts';
import { addService } from './service-rules.ts';

/** Everything that this node's table holds: a pure function of services, endpoints and host ports. */
export function proxyRules(
  services: readonly ServicePortTarget[],
  ports: readonly HostPort[],
  range: ClusterRange,
): Ruleset {
  const ruleset = baseRules(range);
  for (const service of services) addService(ruleset, service, range);
  for (const port of ports) addHostPort(ruleset, port);
  return ruleset;
}
