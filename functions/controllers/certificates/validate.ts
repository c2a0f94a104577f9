import {
  API_PROXY_SIGNER,
  CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  LEGACY_SIGNER,
} from '../../../lib/api/signers.ts';
import type { RequestContent } from '../../../lib/pki/request.ts';

/** What is wrong with a request in a signer's eyes. */
export type Validate = (content: RequestContent, usages: readonly string[]) => string | undefined;

const NODES = 'system:nodes';
const NODE_PREFIX = 'system:node:';

/** Source: ValidateKubeletServingCSR in k8s.io/kubernetes/pkg/apis/certificates/helpers.go. */
export const kubeletServingFault: Validate = (content, usages) => {
  if (!isOfNodes(content)) return 'subject organization is not system:nodes';
  if (content.dnsNames.length + content.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (content.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (content.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!areUsages(usages, 'server auth')) return usagesFault('server auth');
  return commonNameFault(content);
};

/** Source: ValidateKubeletClientCSR, the same file. */
export const kubeletClientFault: Validate = (content, usages) => {
  if (!isOfNodes(content)) return 'subject organization is not system:nodes';
  if (content.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (content.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (content.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (content.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return commonNameFault(content) ?? (areUsages(usages, 'client auth') ? undefined : usagesFault('client auth'));
};

const CLIENT_USAGES = ['digital signature', 'key encipherment', 'client auth'];

/** Source: validAPIServerClientUsages in k8s.io/kubernetes/pkg/controller/certificates/signer/signer.go. */
const clientFault: Validate = (_, usages) => {
  const wrong = usages.find((usage) => !CLIENT_USAGES.includes(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
};

/** The signers that the cluster's authority serves, each with its rules. */
export const SIGNERS: ReadonlyMap<string, Validate> = new Map([
  [CLIENT_SIGNER, clientFault],
  [KUBELET_CLIENT_SIGNER, kubeletClientFault],
  [KUBELET_SERVING_SIGNER, kubeletServingFault],
  [LEGACY_SIGNER, () => undefined],
  [API_PROXY_SIGNER, kubeletServingFault],
]);

function isOfNodes({ organizations }: RequestContent): boolean {
  return organizations.length === 1 && organizations[0] === NODES;
}

function commonNameFault({ commonName }: RequestContent): string | undefined {
  return commonName.startsWith(NODE_PREFIX) ? undefined : 'subject common name does not begin with system:node:';
}

/** Key encipherment is for RSA keys only, and may be left out. */
function areUsages(usages: readonly string[], purpose: string): boolean {
  const wanted = new Set(['digital signature', purpose]);
  const given = new Set(usages.filter((usage) => usage !== 'key encipherment'));
  return given.size === wanted.size && [...wanted].every((usage) => given.has(usage));
}

function usagesFault(purpose: string): string {
  return `usages did not match [${['digital signature', 'key encipherment', purpose].sort().join(' ')}]`;
}
