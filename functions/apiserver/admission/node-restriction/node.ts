import type { Node } from '../../../../lib/api/types.ts';
import type { AdmissionAttributes } from '../../contract.ts';
import { refusal } from '../request.ts';

/** Labels a kubelet may give its own node. Source: k8s.io/kubelet/pkg/apis/well_known_labels.go */
const OWN_LABELS = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);

export function checkNode(node: string, attributes: AdmissionAttributes): void {
  const { operation, info } = attributes;
  const name = operation === 'CREATE' ? attributes.object?.metadata?.name : info.name;
  if (name !== node) throw refusal(attributes, `node "${node}" is not allowed to modify node "${name}"`);
  if (operation === 'CREATE') checkCreate(node, attributes);
  if (operation === 'UPDATE') checkUpdate(node, attributes);
}

function checkCreate(node: string, attributes: AdmissionAttributes): void {
  const { spec, metadata } = attributes.object as Node;
  if (spec?.configSource)
    throw refusal(attributes, `node "${node}" is not allowed to create pods with a non-nil configSource`);
  const labels = forbiddenLabels(metadata?.labels, {});
  if (labels.length === 0) return;
  throw refusal(attributes, `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}`);
}

function checkUpdate(node: string, attributes: AdmissionAttributes): void {
  const object = attributes.object as Node;
  const old = attributes.oldObject as Node;
  const refuse = (what: string) => refusal(attributes, `node "${node}" is not allowed to ${what}`);
  if (object.spec?.configSource && differ(object.spec.configSource, old.spec?.configSource))
    throw refuse('update configSource to a new non-nil configSource');
  if (differ(object.spec?.taints ?? [], old.spec?.taints ?? [])) throw refuse('modify taints');
  if (differ(object.metadata?.ownerReferences ?? [], old.metadata?.ownerReferences ?? []))
    throw refuse('modify ownerReferences');
  const labels = forbiddenLabels(object.metadata?.labels, old.metadata?.labels);
  if (labels.length) throw refusal(attributes, `is not allowed to modify labels: ${labels.join(', ')}`);
}

function differ(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) !== JSON.stringify(right);
}

/** With other labels a node could draw privileged workloads to itself. */
function forbiddenLabels(labels: Record<string, string> = {}, old: Record<string, string> = {}): string[] {
  const keys = new Set([...Object.keys(labels), ...Object.keys(old)]);
  return [...keys].filter((key) => labels[key] !== old[key] && isForbidden(key)).sort();
}

function isForbidden(label: string): boolean {
  const domain = label.includes('/') ? label.slice(0, label.indexOf('/')) : '';
  if (within(domain, 'node-restriction.kubernetes.io')) return true;
  if (!within(domain, 'kubernetes.io') && !within(domain, 'k8s.io')) return false;
  return !OWN_LABELS.has(label) && !within(domain, 'kubelet.kubernetes.io') && !within(domain, 'node.kubernetes.io');
}

function within(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
