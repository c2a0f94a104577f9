import { isMirrorPod, podReferences } from '../../../../lib/api/pod-references.ts';
import { notFound } from '../../../../lib/api/status.ts';
import type { Node, Pod } from '../../../../lib/api/types.ts';
import type { AdmissionAttributes } from '../../contract.ts';
import { refusal } from '../request.ts';
import type { NodeContext } from './node-restriction.ts';

const PODS = { group: '', resource: 'pods' };

export async function checkPod(node: string, attributes: AdmissionAttributes, context: NodeContext): Promise<void> {
  if (attributes.operation === 'CREATE') return checkMirrorPod(node, attributes, context);
  if (attributes.operation === 'DELETE') {
    if ((await podOf(attributes, context)).spec?.nodeName === node) return;
    throw refusal(attributes, `node "${node}" can only delete pods with spec.nodeName set to itself`);
  }
  const why = `unexpected operation "${attributes.operation}", node "${node}" can only create and delete mirror pods`;
  throw refusal(attributes, why);
}

async function podOf({ info }: AdmissionAttributes, { reader }: NodeContext): Promise<Pod> {
  const pod = await reader.get<Pod>('pods', info.name, info.namespace);
  if (!pod) throw notFound(PODS, info.name);
  return pod;
}

async function checkMirrorPod(node: string, attributes: AdmissionAttributes, { reader }: NodeContext): Promise<void> {
  const pod = attributes.object as Pod;
  const refuse = (what: string) => refusal(attributes, `node "${node}" ${what}`);
  if (!isMirrorPod(pod)) {
    const lacks = 'pod does not have "kubernetes.io/config.mirror" annotation';
    throw refusal(attributes, `${lacks}, node "${node}" can only create mirror pods`);
  }
  if (pod.spec?.nodeName !== node) throw refuse('can only create pods with spec.nodeName set to itself');
  const owners = pod.metadata?.ownerReferences ?? [];
  if (owners.length > 1) throw refuse('can only create pods with a single owner reference set to itself');
  const [owner] = owners;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    throw refuse('can only create pods with an owner reference set to itself');
  if (!owner.controller) throw refuse('can only create pods with a controller owner reference set to itself');
  if (owner.blockOwnerDeletion) throw refuse('must not set blockOwnerDeletion on an owner reference');
  const stored = await reader.get<Node>('nodes', node);
  if (!stored) throw notFound({ group: '', resource: 'nodes' }, node);
  if (stored.metadata.uid !== owner.uid)
    throw refusal(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${stored.metadata.uid}`);
  const reference = referenceOf(pod);
  if (reference) throw refuse(`can not create pods that reference ${reference}`);
}

/** A mirror pod must open nothing to the node that writes it. */
function referenceOf(pod: Pod): string | undefined {
  const plain = { ...pod, metadata: {} };
  const [first] = [...podReferences(plain)].map((reference) => reference.slice(0, reference.indexOf('/')));
  if (first) return first;
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.csi) return 'csidrivers (via CSI volumes)';
    for (const source of volume.projected?.sources ?? []) {
      if (source.serviceAccountToken) return 'serviceaccounts (via projected volumes)';
      if (source.clusterTrustBundle) return 'clustertrustbundles';
      if (source.podCertificate) return 'podcertificates';
    }
  }
  return undefined;
}

export function checkPodStatus(node: string, attributes: AdmissionAttributes): void {
  const object = attributes.object as Pod;
  const old = attributes.oldObject as Pod;
  const refuse = (what: string) => refusal(attributes, `node "${node}" ${what}`);
  const differ = (left: unknown, right: unknown) => JSON.stringify(left) !== JSON.stringify(right);
  if (old.spec?.nodeName !== node) throw refuse('can only update pod status for pods with spec.nodeName set to itself');
  if (!sameLabels(object.metadata?.labels, old.metadata?.labels))
    throw refuse('cannot update labels through pod status');
  if (differ(object.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? []))
    throw refuse('cannot update resource claim statues');
  if (differ(object.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus))
    throw refuse('cannot update extended resource claim status');
}

function sameLabels(left: Record<string, string> = {}, right: Record<string, string> = {}): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

export async function checkEviction(
  node: string,
  attributes: AdmissionAttributes,
  context: NodeContext,
): Promise<void> {
  if ((await podOf(attributes, context)).spec?.nodeName === node) return;
  throw refusal(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
}
