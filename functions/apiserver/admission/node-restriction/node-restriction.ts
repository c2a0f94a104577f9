import { nodeOf } from '../../authentication/identity.ts';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '../../contract.ts';
import type { Reader } from '../../reader.ts';
import { refusal } from '../request.ts';
import { checkCertificateRequest } from './certificate-request.ts';
import { checkNode } from './node.ts';
import { checkEviction, checkPod, checkPodStatus } from './pod.ts';
import { checkToken } from './token.ts';

/** One node's request; throws the refusal. */
export type NodeCheck = (node: string, attributes: AdmissionAttributes, context: NodeContext) => void | Promise<void>;

export interface NodeContext {
  reader: Reader;
  authorize: Authorizer;
}

/** A node changes itself and its own pods only. Source: k8s.io/kubernetes/plugin/pkg/admission/noderestriction */
export function nodeRestriction(context: NodeContext): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    mutate(attributes) {
      const node = nodeOf(attributes.user);
      if (node === undefined) return undefined;
      if (!node) throw refusal(attributes, `could not determine node from user "${attributes.user.username}"`);
      return checkOf(attributes)?.(node, attributes, context);
    },
  };
}

function checkOf(attributes: AdmissionAttributes): NodeCheck | undefined {
  const { group, resource, subresource } = attributes.info;
  const checks = CHECKS[`${resource}.${group}`];
  if (!checks) return undefined;
  return checks[subresource] ?? checks['*'];
}

const CHECKS: Readonly<Record<string, Readonly<Record<string, NodeCheck>>>> = {
  'pods.': { '': checkPod, status: checkPodStatus, eviction: checkEviction, '*': refusePodSubresource },
  'nodes.': { '*': checkNode },
  'persistentvolumeclaims.': { status: checkClaimStatus, '*': refuseClaim },
  'serviceaccounts.': { token: checkToken },
  'leases.coordination.k8s.io': { '*': checkLease },
  'csinodes.storage.k8s.io': { '*': checkCsiNode },
  'resourceslices.resource.k8s.io': { '*': checkResourceSlice },
  'certificatesigningrequests.certificates.k8s.io': { '': checkCertificateRequest },
};

function refusePodSubresource(_: string, attributes: AdmissionAttributes): void {
  const { subresource } = attributes.info;
  throw refusal(attributes, `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`);
}

function refuseClaim(_: string, attributes: AdmissionAttributes): void {
  throw refusal(attributes, 'may only update PVC status');
}

/** A volume's size and conditions are the node's to report, nothing else of the claim. */
function checkClaimStatus(node: string, attributes: AdmissionAttributes): void {
  const rest = (object: any) => {
    const { capacity, conditions, allocatedResources, allocatedResourceStatuses, ...status } = object.status ?? {};
    const { resourceVersion, managedFields, ...metadata } = object.metadata;
    return JSON.stringify([metadata, object.spec, status]);
  };
  if (rest(attributes.object) === rest(attributes.oldObject)) return;
  const why = `node "${node}" is not allowed to update fields other than status.quantity and status.conditions`;
  throw refusal(attributes, why);
}

function checkLease(node: string, attributes: AdmissionAttributes): void {
  if (attributes.info.namespace !== 'kube-node-lease')
    throw refusal(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  if (ownName(attributes) === node) return;
  throw refusal(attributes, 'can only access node lease with the same name as the requesting node');
}

function checkCsiNode(node: string, attributes: AdmissionAttributes): void {
  if (ownName(attributes) === node) return;
  throw refusal(attributes, 'can only access CSINode with the same name as the requesting node');
}

function ownName({ operation, info, object }: AdmissionAttributes): string | undefined {
  return operation === 'CREATE' ? object?.metadata?.name : info.name;
}

function checkResourceSlice(node: string, attributes: AdmissionAttributes): void {
  if (attributes.operation !== 'CREATE' || attributes.object!['spec']?.nodeName === node) return;
  throw refusal(attributes, 'can only create ResourceSlice with the same NodeName as the requesting node');
}
