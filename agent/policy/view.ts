import type { Stored } from '../../lib/api/object.ts';
import { fromLabelSelector } from '../../lib/api/selectors.ts';
import type { LabelSelector, Namespace, NetworkPolicyPeer, Pod } from '../../lib/api/types.ts';

/** A pod as policies see it. */
export interface PolicyPod {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  ip: string;
  /** On this node: its traffic is ours to judge. */
  local: boolean;
  ports: readonly { name: string; protocol: string; number: number }[];
}

/** All that selectors are asked about. */
export interface PolicyView {
  pods: readonly PolicyPod[];
  namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

const DNS_NAMESPACE = 'kube-system';

/**
 * The node answers for DNS itself, where other clusters have pods: policies that admit those pods by their well-known
 * label (`k8s-app: kube-dns`) admit it.
 */
export function dnsPod(ip: string): PolicyPod {
  const ports = [
    { name: 'dns', protocol: 'UDP', number: 53 },
    { name: 'dns-tcp', protocol: 'TCP', number: 53 },
  ];
  return { namespace: DNS_NAMESPACE, labels: { 'k8s-app': 'kube-dns' }, ip, local: false, ports };
}

/** The ingress gateways, at whichever address they are reached or reach pods from: `app.kubernetes.io/name: ingress-gateway` in kube-system. */
export function gatewayPod(ip: string): PolicyPod {
  const ports = [
    { name: 'http', protocol: 'TCP', number: 80 },
    { name: 'https', protocol: 'TCP', number: 443 },
  ];
  const labels = { 'app.kubernetes.io/name': 'ingress-gateway' };
  return { namespace: DNS_NAMESPACE, labels, ip, local: false, ports };
}

/** Pods with the host's network are the node, of which policies do not speak. Source: NetworkPolicy documentation, hostNetwork pods. */
export function policyPods(pods: readonly Stored<Pod>[], nodeName: string): PolicyPod[] {
  return pods.flatMap((pod) => {
    const { podIP, phase } = pod.status ?? {};
    if (!podIP || pod.spec?.hostNetwork || phase === 'Succeeded' || phase === 'Failed') return [];
    const { namespace = '', labels = {} } = pod.metadata;
    return [{ namespace, labels, ip: podIP, local: pod.spec?.nodeName === nodeName, ports: namedPorts(pod) }];
  });
}

function namedPorts({ spec }: Pod): PolicyPod['ports'] {
  const sidecars = (spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  const ports = [...(spec?.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  return ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
    name ? [{ name, protocol, number: containerPort }] : [],
  );
}

export function namespaceLabels(namespaces: readonly Stored<Namespace>[]): PolicyView['namespaces'] {
  return new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
}

/** Pods of the policy's own namespace that it is about. */
export function selected(view: PolicyView, namespace: string, selector: LabelSelector | undefined): PolicyPod[] {
  const matcher = fromLabelSelector(selector ?? {});
  return view.pods.filter((pod) => pod.namespace === namespace && matcher.matches(pod.labels));
}

/** Pods that a `from` or `to` names: both selectors together, or one alone (networking/v1 NetworkPolicyPeer). */
export function peerPods(view: PolicyView, namespace: string, peer: NetworkPolicyPeer): PolicyPod[] {
  if (peer.ipBlock) return [];
  const pods = fromLabelSelector(peer.podSelector ?? {});
  if (!peer.namespaceSelector) return selected(view, namespace, peer.podSelector);
  const namespaces = fromLabelSelector(peer.namespaceSelector);
  const inside = new Set([...view.namespaces].filter(([, labels]) => namespaces.matches(labels)).map(([name]) => name));
  return view.pods.filter((pod) => inside.has(pod.namespace) && pods.matches(pod.labels));
}
