import type { Container, Probe } from '../../lib/api/types.ts';
import type { Runtime } from '../runtime-contract.ts';
import { execProbe } from './exec.ts';
import { grpcProbe } from './grpc.ts';
import { resolvePort } from './http.ts';
import { httpGetProbe } from './http-get.ts';
import { tcpProbe } from './tcp.ts';

/** `output` is what the Unhealthy event says. */
export interface Outcome {
  result: 'success' | 'failure';
  output: string;
  /** Counts as a success, but is told. */
  warning?: boolean;
}

export interface ProbeTarget {
  container: Container;
  containerId: string;
  podIP: string;
}

/** Runs one probe once. Throws if it could not be run at all: then it says nothing of the container. */
export function runProbe(runtime: Runtime, probe: Probe, target: ProbeTarget, nowMs: number): Promise<Outcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { container, containerId, podIP } = target;
  if (probe.exec) return execProbe(runtime, containerId, probe.exec.command ?? [], timeoutMs);
  if (probe.httpGet) return httpGetProbe(probe.httpGet, container, podIP, timeoutMs);
  if (probe.tcpSocket) {
    const { host, port } = probe.tcpSocket;
    return tcpProbe(host || podIP, resolvePort(port, container), timeoutMs);
  }
  if (probe.grpc) return grpcProbe(podIP, probe.grpc.port, probe.grpc.service ?? '', timeoutMs, nowMs);
  throw new Error('missing probe handler');
}
