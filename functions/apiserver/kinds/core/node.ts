import { duplicateValue, forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Node, NodeSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkCidr, isIpv6 } from '../ip.ts';
import { checkQuantity } from '../pod-spec/resources.ts';
import { checkTaints } from '../pod-spec/scheduling.ts';
import { canonicalizeResources } from '../resource-list.ts';
import { keepStatus } from '../status.ts';
import { warnOfCidr } from '../warnings/addresses.ts';

const NODE_INFO = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
};

/** What is allocatable is the capacity, unless said otherwise. Source: SetDefaults_NodeStatus. */
function defaults(node: Node): void {
  node.spec ??= {};
  defaultPodCidrs(node.spec);
  node.status ??= {};
  const { status } = node;
  canonicalizeResources(status.capacity);
  canonicalizeResources(status.allocatable);
  if (!status.allocatable && status.capacity) status.allocatable = { ...status.capacity };
  status.daemonEndpoints ??= { kubeletEndpoint: { Port: 0 } };
  status.nodeInfo = { ...NODE_INFO, ...status.nodeInfo };
}

function defaultPodCidrs(spec: NodeSpec): void {
  if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
  else if (spec.podCIDRs?.[0] && !spec.podCIDR) spec.podCIDR = spec.podCIDRs[0];
}

function checkResources(causes: Cause[], { status }: Node): void {
  for (const field of ['capacity', 'allocatable'] as const) {
    const list = status?.[field] ?? {};
    for (const name in list) checkQuantity(causes, name, list[name]!, `status.${field}.${name}`);
  }
}

function checkPodCidrs(causes: Cause[], cidrs: string[] = []): void {
  cidrs.forEach((cidr, i) => {
    checkCidr(causes, cidr, `spec.podCIDRs[${i}]`);
  });
  const families = new Set(cidrs.map((cidr) => isIpv6(cidr.split('/')[0]!)));
  if (families.size < cidrs.length) {
    causes.push(invalidValue('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'));
  }
}

/** Source: ValidateNode in k8s.io/kubernetes/pkg/apis/core/validation. */
function validate(node: Node): Cause[] {
  const causes: Cause[] = [];
  checkTaints(causes, node.spec?.taints, 'metadata.taints');
  checkResources(causes, node);
  checkPodCidrs(causes, node.spec?.podCIDRs);
  return causes;
}

/** Source: ValidateNodeUpdate. The same holds for the status subresource. */
function validateUpdate(node: Node, old: Node): Cause[] {
  const causes: Cause[] = [];
  checkResources(causes, node);
  checkAddresses(causes, node);
  const [spec, before] = [node.spec ?? {}, old.spec ?? {}];
  if (before.podCIDRs?.length && JSON.stringify(before.podCIDRs) !== JSON.stringify(spec.podCIDRs)) {
    const why = 'node updates may not change podCIDR except from "" to valid';
    causes.push(forbiddenField('spec.podCIDRs', why));
  }
  if (before.providerID && before.providerID !== spec.providerID) {
    const done = spec.providerID ? 'modified' : 'cleared';
    causes.push(invalidValue('spec.providerID', null, `field cannot be ${done} once set`));
  }
  checkTaints(causes, spec.taints, 'metadata.taints');
  return causes;
}

function checkAddresses(causes: Cause[], { status }: Node): void {
  const seen = new Set<string>();
  status?.addresses?.forEach(({ type, address }, i) => {
    const key = `${type} ${address}`;
    if (seen.has(key)) causes.push(duplicateValue(`status.addresses[${i}]`, { Type: type, Address: address }));
    seen.add(key);
  });
}

export const node: KindRules = {
  defaults,
  /** A node says at once what it has. */
  prepareForCreate: () => {},
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate(object: Node, old: Node) {
    object.spec = old.spec;
  },
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  selectableFields: { 'spec.unschedulable': ({ spec }: Node) => String(spec?.unschedulable ?? false) },
  warnings({ spec }: Node) {
    const warnings: string[] = [];
    if (spec?.configSource) warnings.push('spec.configSource: the feature is removed');
    if (spec?.externalID) warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
    spec?.podCIDRs?.forEach((range, i) => {
      warnOfCidr(warnings, range, `spec.podCIDRs[${i}]`);
    });
    return warnings;
  },
};
