import type { Service, ServiceSpec } from '../../../../lib/api/types.ts';
import { isExternallyAccessible, needsHealthCheck } from './service-spec.ts';

/** Three hours. */
const AFFINITY_SECONDS = 10800;

/** Source: SetDefaults_Service in k8s.io/kubernetes/pkg/apis/core/v1/defaults.go. Addresses are the allocation's. */
export function defaultService(service: Service): void {
  service.spec ??= {};
  const { spec } = service;
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  normalizeClusterIps(spec);
  service.status ??= {};
  service.status.loadBalancer ??= {};
  if (spec.type !== 'LoadBalancer') return;
  for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

/** A client that only knows the singular field means the list. Source: normalizeClusterIPs on create. */
function normalizeClusterIps(spec: ServiceSpec): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}

/**
 * What an update leaves out, but the service has: its addresses and node ports; and what a new type no longer has.
 * Source: patchAllocatedValues and dropTypeDependentFields in k8s.io/kubernetes/pkg/registry/core/service.
 */
export function prepareForUpdate(service: Service, old: Service): void {
  const [spec, before] = [service.spec!, old.spec ?? {}];
  syncClusterIps(spec, before);
  patchAllocated(spec, before);
  dropTypeDependent(spec, before);
}

/** The two forms of the address follow whichever the client changed. Source: normalizeClusterIPs on update. */
function syncClusterIps(spec: ServiceSpec, old: ServiceSpec): void {
  const { clusterIP = '', clusterIPs = [] } = spec;
  const listUnchanged = sameList(clusterIPs, old.clusterIPs ?? []);
  if (clusterIP !== (old.clusterIP ?? '')) {
    if (!clusterIP && listUnchanged) delete spec.clusterIPs;
    else if (clusterIP && listUnchanged) spec.clusterIPs = [clusterIP, ...clusterIPs.slice(1)];
  } else if (!listUnchanged && clusterIPs.length === 0) delete spec.clusterIP;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

const needsClusterIp = ({ type }: ServiceSpec) => type !== 'ExternalName';
const needsNodePort = (spec: ServiceSpec) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

function patchAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(spec) && needsClusterIp(old)) {
    if (!spec.clusterIP) {
      if (old.clusterIP) spec.clusterIP = old.clusterIP;
      if (!spec.clusterIPs?.length && old.clusterIPs) spec.clusterIPs = old.clusterIPs;
    }
    if (!spec.ipFamilies?.length && old.ipFamilies && !spec.ipFamilyPolicy) spec.ipFamilies = old.ipFamilies;
    if (!spec.ipFamilyPolicy && old.ipFamilyPolicy) spec.ipFamilyPolicy = old.ipFamilyPolicy;
  }
  if (needsNodePort(spec) && needsNodePort(old)) patchNodePorts(spec, old);
  if (needsHealthCheck(spec) && needsHealthCheck(old)) spec.healthCheckNodePort ||= old.healthCheckNodePort;
}

/** A port is the same one when its number and protocol are. */
function patchNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue;
    const before = old.ports?.find((o) => o.port === port.port && o.protocol === port.protocol);
    const taken = spec.ports!.some((other) => other.nodePort && other.nodePort === before?.nodePort);
    if (before?.nodePort && !taken) port.nodePort = before.nodePort;
  }
}

function dropTypeDependent(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && !needsClusterIp(spec)) dropAddress(spec, old);
  if (needsNodePort(old) && !needsNodePort(spec) && sameNodePorts(spec, old)) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec) && spec.healthCheckNodePort === old.healthCheckNodePort) {
    delete spec.healthCheckNodePort;
  }
  dropExternalPolicy(spec, old);
  if (spec.type === 'ExternalName' && spec.internalTrafficPolicy === old.internalTrafficPolicy) {
    delete spec.internalTrafficPolicy;
  }
  if (old.type !== 'LoadBalancer' || spec.type === 'LoadBalancer') return;
  if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts)
    delete spec.allocateLoadBalancerNodePorts;
  if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
}

/** Each field goes unless the client changed it at the same time. */
function dropAddress(spec: ServiceSpec, old: ServiceSpec): void {
  if (sameList(spec.clusterIPs ?? [], old.clusterIPs ?? [])) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  if (sameList(spec.ipFamilies ?? [], old.ipFamilies ?? [])) delete spec.ipFamilies;
  if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
}

function dropExternalPolicy(spec: ServiceSpec, old: ServiceSpec): void {
  const left = isExternallyAccessible(old) && !isExternallyAccessible(spec);
  if (left && spec.externalTrafficPolicy === old.externalTrafficPolicy) delete spec.externalTrafficPolicy;
}

function sameNodePorts(spec: ServiceSpec, old: ServiceSpec): boolean {
  const ports = (s: ServiceSpec) => (s.ports ?? []).map(({ nodePort }) => nodePort).filter(Boolean);
  const before = ports(old);
  return ports(spec).every((port) => before.includes(port));
}
