import { internalError } from '../../../lib/api/status.ts';
import type { Service, ServicePort } from '../../../lib/api/types.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import { storageKey } from '../reader.ts';
import { type Bands, draw } from './band.ts';
import { cause, check } from './ip-families.ts';
import type { Reservations } from './reservations.ts';

/** Entries of our own: one for each port taken, so that the store itself keeps them unique. */
export const NODE_PORTS = 'nodeports.zeroplane';

/** Ports 30000–32767; the first 86 are kept for requests: min(max(16, size/32), 128) (KEP-3668). */
const PORTS: Bands = { from: 30_000, upper: 30_086, to: 32_768 };

export function portKey(port: number): string {
  return storageKey(NODE_PORTS, String(port));
}

export function needsHealthCheck({ spec }: Service): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** Every node port that the service holds. */
export function nodePortsOf(service: Service | undefined): Set<number> {
  const spec = service?.spec;
  const ports = (spec?.ports ?? []).flatMap(({ nodePort }) => nodePort || []);
  if (service && spec?.healthCheckNodePort && needsHealthCheck(service)) ports.push(spec.healthCheckNodePort);
  return new Set(ports);
}

/** A pool for one write: what the service held before stays its own. */
export interface PortPool {
  held: ReadonlySet<number>;
  /** Ports this write has taken so far. */
  taken: Set<number>;
  reserved: Reservations;
  random: Random;
}

/** Fills the node ports. Source: initNodePorts and updateNodePorts of pkg/registry/core/service/storage/alloc.go. */
export async function allocateNodePorts(service: Service, pool: PortPool): Promise<void> {
  const spec = service.spec!;
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    for (const [i, port] of (spec.ports ?? []).entries()) await allocatePort(service, port, i, pool);
  if (needsHealthCheck(service)) await allocateHealthCheck(service, pool);
}

async function allocatePort(service: Service, port: ServicePort, i: number, pool: PortPool): Promise<void> {
  if (port.nodePort) {
    const why = await refusal(port.nodePort, pool);
    if (why) check(service, [cause(`spec.ports[${i}].nodePort`, port.nodePort, why)]);
  } else if (wantsPorts(service)) {
    // The same port number over another protocol shares its node port.
    const twin = service.spec!.ports!.find((other) => other !== port && other.port === port.port && other.nodePort);
    port.nodePort = twin?.nodePort ?? (await drawPort('a nodePort', pool));
  } else return;
  pool.taken.add(port.nodePort);
}

async function allocateHealthCheck({ spec }: Service, pool: PortPool): Promise<void> {
  const asked = spec!.healthCheckNodePort;
  const why = asked ? await refusal(asked, pool) : undefined;
  if (why) throw internalError(`failed to allocate requested HealthCheck NodePort ${asked}: ${why}`);
  spec!.healthCheckNodePort = asked || (await drawPort('a HealthCheck NodePort 0', pool));
  pool.taken.add(spec!.healthCheckNodePort);
}

function wantsPorts({ spec }: Service): boolean {
  return spec?.type === 'NodePort' || spec?.allocateLoadBalancerNodePorts !== false;
}

async function refusal(port: number, { held, taken, reserved }: PortPool): Promise<string | undefined> {
  if (held.has(port) || taken.has(port)) return undefined;
  if (port < PORTS.from || port >= PORTS.to)
    return `provided port is not in the valid range. The range of valid ports is ${PORTS.from}-${PORTS.to - 1}`;
  return (await reserved.isFree(portKey(port))) ? undefined : 'provided port is already allocated';
}

async function drawPort(what: string, { taken, held, reserved, random }: PortPool): Promise<number> {
  const isFree = async (port: number) => !taken.has(port) && !held.has(port) && reserved.isFree(portKey(port));
  const port = await draw(PORTS, random, isFree);
  if (port === undefined) throw internalError(`failed to allocate ${what}: range is full`);
  return port;
}
