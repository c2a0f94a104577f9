import type { Stored } from '../../lib/api/object.ts';
import { type Amounts, podAmounts, requestsOf } from '../../lib/api/scheduling/pod-requests.ts';
import type { Container, Pod, PodSpec } from '../../lib/api/types.ts';
import { type AffinityTerm, affinityTerms } from './affinity-term.ts';

/** What scheduling needs of a pod, worked out once. */
export interface PodInfo {
  readonly pod: Stored<Pod>;
  readonly spec: PodSpec;
  readonly uid: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly terminating: boolean;
  readonly priority: number;
  readonly requests: Amounts;
  /** Requests with kube-scheduler's defaults for what asks for nothing: only for scores. */
  readonly scoredRequests: Amounts;
  readonly hostPorts: readonly HostPort[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
}

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/** schedutil.DefaultMilliCPURequest and DefaultMemoryRequest (200 MB): so that pods asking for nothing spread too. */
const DEFAULT_MILLI_CPU = 100;
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

export function podInfo(pod: Stored<Pod>): PodInfo {
  const spec = pod.spec ?? { containers: [] };
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  return {
    pod,
    spec,
    uid: pod.metadata.uid,
    namespace: pod.metadata.namespace ?? '',
    labels: pod.metadata.labels ?? {},
    terminating: pod.metadata.deletionTimestamp !== undefined,
    priority: spec.priority ?? 0,
    requests: podAmounts(spec),
    scoredRequests: podAmounts(spec, scoredRequestsOf),
    hostPorts: hostPorts(spec),
    affinity: affinityTerms(pod, podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: affinityTerms(pod, podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: affinityTerms(pod, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: affinityTerms(pod, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

function scoredRequestsOf(container: Container): Amounts {
  const requests = requestsOf(container);
  if (!requests.has('cpu')) requests.set('cpu', DEFAULT_MILLI_CPU);
  if (!requests.has('memory')) requests.set('memory', DEFAULT_MEMORY_BYTES);
  return requests;
}

function hostPorts(spec: PodSpec): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => port.hostPort)
      .map((port) => ({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort! })),
  );
}
