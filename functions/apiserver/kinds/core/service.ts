import { duplicateValue, forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkOneOf, checkRequired, checkRequiredOneOf } from '../check.ts';
import { checkCidr, checkEndpointIp, checkIp } from '../ip.ts';
import { checkLabels } from '../metadata.ts';
import { checkPortNumber } from '../pod-spec/containers.ts';
import { checkPortNumberOrName } from '../pod-spec/probes.ts';
import { keepStatus } from '../status.ts';
import { serviceWarnings } from '../warnings/service.ts';
import { checkClusterIps, checkClusterIpsUpdate } from './service-cluster-ips.ts';
import { defaultService, prepareForUpdate } from './service-defaults.ts';
import { isExternallyAccessible, isHeadless, needsHealthCheck } from './service-spec.ts';
import { validateServiceStatusUpdate } from './service-status.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** Source: validateService in k8s.io/kubernetes/pkg/apis/core/validation. */
function validateService(service: Service, old?: Service): Cause[] {
  const causes: Cause[] = [];
  const spec = service.spec ?? {};
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName') causes.push(required('spec.ports'));
  checkByType(causes, spec);
  checkPorts(causes, spec);
  checkLabels(causes, spec.selector, 'spec.selector');
  checkAffinity(causes, spec);
  checkClusterIps(causes, spec, old?.spec);
  spec.externalIPs?.forEach((ip, i) => {
    const before = causes.length;
    checkIp(causes, ip, `spec.externalIPs[${i}]`, old?.spec?.externalIPs);
    if (causes.length === before) checkEndpointIp(causes, ip, `spec.externalIPs[${i}]`);
  });
  checkRequiredOneOf(causes, 'spec.type', spec.type, TYPES);
  checkPortCollisions(causes, spec);
  checkLoadBalancer(causes, spec, old?.spec);
  checkTrafficPolicies(causes, spec);
  return causes;
}

function checkByType(causes: Cause[], spec: ServiceSpec): void {
  const { type } = spec;
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec)) {
    causes.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  if (type !== 'ExternalName') return;
  const why = 'may not be set for ExternalName services';
  for (const field of ['clusterIPs', 'ipFamilies'] as const) {
    if (spec[field]?.length) causes.push(forbiddenField(`spec.${field}`, why));
  }
  if (spec.ipFamilyPolicy) causes.push(forbiddenField('spec.ipFamilyPolicy', why));
  const name = spec.externalName?.replace(/\.$/, '');
  if (name) checkFormat(causes, 'spec.externalName', name, dns1123Subdomain);
  else causes.push(required('spec.externalName'));
}

function checkPorts(causes: Cause[], { ports = [] }: ServiceSpec): void {
  const names = new Set<string>();
  ports.forEach((port, i) => {
    checkPort(causes, port, ports.length > 1, names, `spec.ports[${i}]`);
  });
}

function checkPort(causes: Cause[], port: ServicePort, named: boolean, names: Set<string>, path: string): void {
  if (port.name) {
    checkFormat(causes, `${path}.name`, port.name, dns1123Label);
    if (names.has(port.name)) causes.push(duplicateValue(`${path}.name`, port.name));
    names.add(port.name);
  } else if (named) causes.push(required(`${path}.name`));
  checkPortNumber(causes, port.port ?? 0, `${path}.port`);
  checkRequiredOneOf(causes, `${path}.protocol`, port.protocol, PROTOCOLS);
  checkPortNumberOrName(causes, port.targetPort, `${path}.targetPort`);
  if (port.appProtocol !== undefined) checkFormat(causes, `${path}.appProtocol`, port.appProtocol, qualifiedName);
}

function checkPortCollisions(causes: Cause[], { type, ports = [] }: ServiceSpec): void {
  const nodePorts = new Set<string>();
  const seen = new Set<string>();
  ports.forEach(({ protocol, port, nodePort }, i) => {
    const path = `spec.ports[${i}]`;
    if (nodePort) {
      if (type === 'ClusterIP') {
        causes.push(forbiddenField(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
      }
      if (nodePorts.has(`${protocol} ${nodePort}`)) causes.push(duplicateValue(`${path}.nodePort`, nodePort));
      nodePorts.add(`${protocol} ${nodePort}`);
    }
    if (seen.has(`${protocol} ${port}`)) causes.push(duplicateValue(path, internalPort(protocol, port)));
    seen.add(`${protocol} ${port}`);
  });
}

/** Upstream prints its internal type here, whose fields carry Go's names. */
function internalPort(Protocol: string | undefined, Port: number): object {
  return { Name: '', Protocol, AppProtocol: null, Port, TargetPort: 0, NodePort: 0 };
}

/** A day. */
const AFFINITY_SECONDS_MAX = 86400;

function checkAffinity(causes: Cause[], { sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): void {
  checkRequiredOneOf(causes, 'spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None']);
  const path = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && config) {
    causes.push(forbiddenField(path, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return;
  const seconds = config?.clientIP?.timeoutSeconds ?? 0;
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return;
  const why = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
  causes.push(invalidValue(`${path}.clientIP.timeoutSeconds`, seconds, why));
}

const LOAD_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'";

function checkLoadBalancer(causes: Cause[], spec: ServiceSpec, old: ServiceSpec | undefined): void {
  const balances = spec.type === 'LoadBalancer';
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0 && !balances) causes.push(forbiddenField('spec.LoadBalancerSourceRanges', LOAD_BALANCER_ONLY));
  const known = old?.loadBalancerSourceRanges?.map((range) => range.trim());
  ranges.forEach((range, i) => {
    checkCidr(causes, range.trim(), `spec.LoadBalancerSourceRanges[${i}]`, known);
  });
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balances) {
    causes.push(forbiddenField('spec.allocateLoadBalancerNodePorts', LOAD_BALANCER_ONLY));
  }
  const { loadBalancerClass } = spec;
  if (loadBalancerClass === undefined) return;
  if (balances) checkFormat(causes, 'spec.loadBalancerClass', loadBalancerClass, qualifiedName);
  else causes.push(forbiddenField('spec.loadBalancerClass', LOAD_BALANCER_ONLY));
}

const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/** Source: validateServiceExternalTrafficPolicy and what follows it. */
function checkTrafficPolicies(causes: Cause[], spec: ServiceSpec): void {
  const { type, externalTrafficPolicy, healthCheckNodePort, internalTrafficPolicy, trafficDistribution } = spec;
  if (isExternallyAccessible(spec)) {
    checkRequiredOneOf(causes, 'spec.externalTrafficPolicy', externalTrafficPolicy, ['Cluster', 'Local']);
  } else if (externalTrafficPolicy) {
    const why = 'may only be set for externally-accessible services';
    causes.push(invalidValue('spec.externalTrafficPolicy', externalTrafficPolicy, why));
  }
  if (healthCheckNodePort && !needsHealthCheck(spec)) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    causes.push(invalidValue('spec.healthCheckNodePort', healthCheckNodePort, why));
  }
  if (internalTrafficPolicy !== undefined) {
    checkOneOf(causes, 'spec.internalTrafficPolicy', internalTrafficPolicy, ['Cluster', 'Local']);
  } else if (type !== 'ExternalName') checkRequired(causes, 'spec.internalTrafficPolicy', internalTrafficPolicy);
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    causes.push(notSupported('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS));
  }
}

function validateUpdate(service: Service, old: Service): Cause[] {
  const causes: Cause[] = [];
  const [spec, before] = [service.spec ?? {}, old.spec ?? {}];
  checkClusterIpsUpdate(causes, spec, before);
  const both = (condition: (spec: ServiceSpec) => boolean) => condition(spec) && condition(before);
  if (both(({ type }) => type === 'LoadBalancer') && spec.loadBalancerClass !== before.loadBalancerClass) {
    causes.push(invalidValue('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'));
  }
  if (both(needsHealthCheck) && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    causes.push(forbiddenField('spec.healthCheckNodePort', 'field is immutable'));
  }
  return [...causes, ...validateService(service, old)];
}

export const service: KindRules = {
  defaults: defaultService,
  prepareForCreate(object: Service) {
    object.status = { loadBalancer: {} };
  },
  prepareForUpdate(object: Service, old: Service) {
    keepStatus(object, old);
    prepareForUpdate(object, old);
  },
  validate: (object: Service) => validateService(object),
  validateUpdate,
  validateStatusUpdate: validateServiceStatusUpdate,
  selectableFields: {
    'spec.clusterIP': ({ spec }: Service) => spec?.clusterIP ?? '',
    'spec.type': ({ spec }: Service) => spec?.type ?? '',
  },
  nameFormat: 'label',
  createOnUpdate: true,
  warnings: (object: Service) => serviceWarnings(object),
};
