import { type AgingCell, ageOf, NONE, type Row, since } from './row.ts';

interface Restarts {
  count: number;
  last: string | undefined;
}

/** What the containers' states make of a pod's STATUS, READY and RESTARTS. */
interface Summary {
  reason: string;
  ready: number;
  restarts: Restarts;
}

export const podRow: Row = (pod) => {
  const { reason, ready, restarts } = summary(pod);
  const total = (pod.spec?.containers ?? []).length + (pod.spec?.initContainers ?? []).filter(isSidecar).length;
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    deletionReason(pod) ?? reason,
    restartsText(restarts),
    ageOf(pod),
    pod.status?.podIPs?.[0]?.ip || NONE,
    pod.spec?.nodeName || NONE,
    pod.status?.nominatedNodeName || NONE,
    readinessGates(pod),
  ];
};

/** Finished pods are marked, so that clients may leave them out. */
export function podCondition(pod: any): object[] | undefined {
  const phase = pod.status?.phase;
  if (phase !== 'Succeeded' && phase !== 'Failed') return undefined;
  const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.';
  return [{ type: 'Completed', status: 'True', reason: phase, message }];
}

function isSidecar(container: any): boolean {
  return container?.restartPolicy === 'Always';
}

function deletionReason(pod: any): string | undefined {
  if (!pod.metadata.deletionTimestamp) return undefined;
  if (pod.status?.reason === 'NodeLost') return 'Unknown';
  const terminal = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  return terminal ? undefined : 'Terminating';
}

function podReason(pod: any): string {
  const gated = (pod.status?.conditions ?? []).some(
    (c: any) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated',
  );
  return gated ? 'SchedulingGated' : pod.status?.reason || pod.status?.phase || '';
}

function summary(pod: any): Summary {
  const init = initSummary(pod);
  if (init.reason !== undefined && !isTrue(pod, 'Initialized')) {
    return { reason: init.reason, ready: init.ready, restarts: init.all };
  }
  const main = mainSummary(pod, init.reason ?? podReason(pod));
  return { reason: main.reason, ready: init.ready + main.ready, restarts: sum([init.sidecars, main.restarts]) };
}

function isTrue(pod: any, type: string): boolean {
  return (pod.status?.conditions ?? []).find((c: any) => c.type === type)?.status === 'True';
}

interface InitSummary {
  /** Set while the pod is initializing: `Init:1/2`. */
  reason: string | undefined;
  ready: number;
  all: Restarts;
  sidecars: Restarts;
}

function initSummary(pod: any): InitSummary {
  const specs = new Map<string, any>((pod.spec?.initContainers ?? []).map((c: any) => [c.name, c]));
  const counted: Restarts[] = [];
  const sidecars: Restarts[] = [];
  let ready = 0;
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(specs.get(status.name));
    counted.push(restartsOf(status));
    if (sidecar) sidecars.push(restartsOf(status));
    if (status.state?.terminated?.exitCode === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) ready++;
      continue;
    }
    return { reason: initReason(status, index, specs.size), ready, all: sum(counted), sidecars: sum(sidecars) };
  }
  return { reason: undefined, ready, all: sum(counted), sidecars: sum(sidecars) };
}

function initReason(status: any, index: number, total: number): string {
  const { terminated, waiting } = status.state ?? {};
  if (terminated) return `Init:${terminationReason(terminated)}`;
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
  return `Init:${index}/${total}`;
}

function terminationReason(terminated: any): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

/** The first container with something to say wins: they are read from the last to the first. */
function mainSummary(pod: any, initial: string): Summary {
  const statuses: any[] = (pod.status?.containerStatuses ?? []).toReversed();
  let reason = initial;
  let errorReason = '';
  let ready = 0;
  for (const status of statuses) {
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) {
      reason = terminationReason(terminated);
      if (terminated.exitCode) errorReason = reason;
    } else if (status.ready && running) ready++;
  }
  return { reason: settled(pod, reason, errorReason, ready > 0), ready, restarts: sum(statuses.map(restartsOf)) };
}

/** A pod is not Completed while one of its containers runs or failed. */
function settled(pod: any, reason: string, errorReason: string, hasRunning: boolean): string {
  if (reason !== 'Completed') return reason;
  if (hasRunning && isTrue(pod, 'Ready')) return 'Running';
  return errorReason || (hasRunning ? 'NotReady' : reason);
}

function restartsOf(status: any): Restarts {
  return { count: status.restartCount ?? 0, last: status.lastState?.terminated?.finishedAt ?? undefined };
}

function sum(parts: Restarts[]): Restarts {
  const lasts = parts.flatMap((part) => part.last ?? []).sort();
  return { count: parts.reduce((total, part) => total + part.count, 0), last: lasts.at(-1) };
}

function restartsText({ count, last }: Restarts): string | AgingCell {
  if (count === 0 || !last) return String(count);
  const ago = since(last);
  return (now) => `${count} (${ago(now)} ago)`;
}

function readinessGates(pod: any): string {
  const gates: any[] = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  return `${gates.filter((gate) => isTrue(pod, gate.conditionType)).length}/${gates.length}`;
}
