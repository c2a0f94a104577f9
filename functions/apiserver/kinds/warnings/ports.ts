import type { ContainerPort, PodSpec } from '../../../../lib/api/types.ts';
import { containersWithPaths } from '../pod-spec/containers-of.ts';

interface Placed {
  readonly port: ContainerPort;
  readonly field: string;
}

/** Ports that several containers declare: legal, and mostly a mistake. */
export function warnOfPorts(warnings: string[], spec: PodSpec, at: string): void {
  const ports = [...placedPorts(spec, at)];
  if (ports.length === 0) return;
  const byNumber = new Map<string, Placed[]>();
  for (const placed of ports) {
    const { port, field } = placed;
    if (port.hostIP && !port.hostPort) warnings.push(`${field}: hostIP set without hostPort: ${goStruct(port)}`);
    const key = `${port.containerPort}/${port.protocol}`;
    const others = byNumber.get(key) ?? [];
    for (const other of others) {
      const how = clash(port, other.port);
      if (how) warnings.push(`${field}: ${how} port definition with ${other.field}`);
    }
    byNumber.set(key, [...others, placed]);
  }
  warnOfNames(warnings, ports);
}

function* placedPorts(spec: PodSpec, at: string): Iterable<Placed> {
  for (const [{ ports }, path] of containersWithPaths(spec, at)) {
    if (ports) for (let i = 0; i < ports.length; i++) yield { port: ports[i]!, field: `${path}.ports[${i}]` };
  }
}

function clash(a: ContainerPort, b: ContainerPort): string | undefined {
  const [portA, portB, ipA, ipB] = [a.hostPort ?? 0, b.hostPort ?? 0, a.hostIP ?? '', b.hostIP ?? ''];
  if (ipA === ipB && portA === portB) return 'duplicate';
  if (portA === 0 || portB === 0) return 'overlapping';
  return portA === portB && (ipA === '') !== (ipB === '') ? 'dangerously ambiguous' : undefined;
}

function warnOfNames(warnings: string[], ports: readonly Placed[]): void {
  const first = new Map<string, string>();
  for (const { port, field } of ports) {
    if (!port.name) continue;
    const other = first.get(port.name);
    if (other) {
      const which = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${field}: duplicate port name ${JSON.stringify(port.name)} with ${other}, ${which}`);
    } else first.set(port.name, field);
  }
}

/** As Go prints its struct. */
function goStruct({ name = '', hostPort = 0, containerPort, protocol, hostIP }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
