import { keyOf, type Stored } from '../../api/object.ts';
import type { Service } from '../../api/types.ts';
import type { SharedCaches } from '../../client/cache.ts';
import { endpointSlices, nodes as nodeType, services as serviceType } from '../../client/resource-type.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { chosen, servingNodes } from './eligible-nodes.ts';
import { type Closable, forwardTcp, forwardUdp, type Target } from './loopback.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const BY_SERVICE = 'service';

/** NodePorts at 127.0.0.1 of the machine, passed on to a node that serves them. A port that something else has is left to it. */
export function followNodePorts(caches: SharedCaches, log: Log, clock: Clock): Closable {
  const open = new Map<string, Closable>();
  const wanted = new Map<string, string[]>();
  const targets = nodePortTargets(caches);
  const sync = () => {
    const ports = new Map([...wanted].flatMap(([key, names]) => names.map((name) => [name, key])));
    for (const [port, forward] of open) {
      if (ports.has(port)) continue;
      forward.close();
      open.delete(port);
    }
    for (const port of ports.keys())
      if (!open.has(port))
        open.set(
          port,
          forwardPort(port, () => targets(keyHolding(wanted, port)), log, clock),
        );
  };
  const unsubscribe = caches.subscribe(serviceType, (service, previous) => {
    const key = keyOf((service ?? previous)!);
    const ports = service ? nodePortsOf(service) : [];
    if (ports.length > 0) wanted.set(key, ports);
    else wanted.delete(key);
    sync();
  });
  return {
    close() {
      unsubscribe();
      for (const forward of open.values()) forward.close();
    },
  };
}

/** The service that has a port now: it may have gone over from one to another. */
function keyHolding(wanted: ReadonlyMap<string, string[]>, port: string): string {
  return [...wanted].find(([, names]) => names.includes(port))?.[0] ?? '';
}

/** The address of a node that serves this service, found when a connection comes: a node that is gone is passed by. */
function nodePortTargets(caches: SharedCaches): (key: string) => string | undefined {
  const services = caches.cache(serviceType);
  const nodes = caches.cache(nodeType);
  const slices = caches.cache(endpointSlices);
  slices.addIndex(BY_SERVICE, (slice) => [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`]);
  return (key) => {
    const service = services.get(key);
    return service && chosen(key, servingNodes(service, slices.byIndex(BY_SERVICE, key), nodes.list()))?.ip;
  };
}

/** `TCP/30080` */
function nodePortsOf({ spec }: Stored<Service>): string[] {
  return (spec?.ports ?? []).flatMap(({ nodePort, protocol }) =>
    nodePort ? [`${protocol ?? 'TCP'}/${nodePort}`] : [],
  );
}

/** SCTP is not: Node.js has no sockets of it. It answers at the nodes' addresses. */
function forwardPort(name: string, nodeIP: () => string | undefined, log: Log, clock: Clock): Closable {
  const [protocol, text] = name.split('/');
  const port = Number(text);
  const failed = (error: Error) =>
    log('a NodePort does not answer at 127.0.0.1', { port, protocol, why: error.message });
  const target: Target = () => {
    const host = nodeIP();
    return host === undefined ? undefined : { host, port };
  };
  if (protocol === 'UDP') return forwardUdp(port, target, failed, clock);
  return protocol === 'TCP' ? forwardTcp(port, target, failed) : { close() {} };
}
