import { baseRules, type ClusterRange } from './base-rules.ts';
import { addHostPort, type HostPort } from './host-ports.ts';
import { emptyRuleset, merge, type Ruleset } from './ruleset.ts';
import type { ServicePortTarget } from './service-port.ts';
import { addService } from './service-rules.ts';

/** Everything that this node's table holds: a pure function of services, endpoints and host ports. */
export function proxyRules(
  services: readonly ServicePortTarget[],
  ports: readonly HostPort[],
  range: ClusterRange,
): Ruleset {
  const ruleset = baseRules(range);
  for (const service of services) merge(ruleset, rulesOf(service, range));
  for (const port of ports) addHostPort(ruleset, port);
  return ruleset;
}

/** A service that has not changed is the same object, and so are its rules: of a thousand services one is written anew. */
const known = new WeakMap<ServicePortTarget, { range: ClusterRange; rules: Ruleset }>();

function rulesOf(service: ServicePortTarget, range: ClusterRange): Ruleset {
  const before = known.get(service);
  if (before?.range === range) return before.rules;
  const rules = emptyRuleset();
  addService(rules, service, range);
  known.set(service, { range, rules });
  return rules;
}
