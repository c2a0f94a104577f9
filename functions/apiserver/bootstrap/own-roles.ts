import type { KubeObject } from '../../../lib/api/object.ts';
import { API_PROXY_SIGNER, KUBELET_SERVING_SIGNER } from '../../../lib/api/signers.ts';

/** Rights that kube-apiserver leaves to whoever sets a cluster up: here nodes join by themselves. */
const RBAC = 'rbac.authorization.k8s.io';
const CERTIFICATES = 'zeroplane:certificate-controller';
const PROXY = 'zeroplane:node-proxier';
const NODES = { apiGroup: RBAC, kind: 'Group', name: 'system:nodes' };

/** Approves what nodes serve with, and signs what they answer for the apiserver with. */
export const ownClusterRoles: readonly KubeObject[] = [
  {
    ...typed('ClusterRole', CERTIFICATES),
    rules: [signers('approve', KUBELET_SERVING_SIGNER, API_PROXY_SIGNER), signers('sign', API_PROXY_SIGNER)],
  },
  // A node without certificates has one identity, and for its service proxy it borrows kube-proxy's.
  {
    ...typed('ClusterRole', PROXY),
    rules: [{ apiGroups: [''], resources: ['users'], resourceNames: ['system:kube-proxy'], verbs: ['impersonate'] }],
  },
];

export const ownClusterRoleBindings: readonly KubeObject[] = [
  binding(CERTIFICATES, CERTIFICATES, {
    kind: 'ServiceAccount',
    name: 'certificate-controller',
    namespace: 'kube-system',
  }),
  binding(PROXY, PROXY, NODES),
  // As kubeadm:node-autoapprove-certificate-rotation.
  binding(
    'zeroplane:node-certificate-rotation',
    'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    NODES,
  ),
];

function binding(name: string, role: string, subject: object): KubeObject {
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: role };
  return { ...typed('ClusterRoleBinding', name), roleRef, subjects: [subject] };
}

function typed(kind: string, name: string): KubeObject {
  const metadata = {
    name,
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  };
  return { apiVersion: `${RBAC}/v1`, kind, metadata };
}

function signers(verb: string, ...resourceNames: string[]) {
  return { apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames, verbs: [verb] };
}

/** Relying parties elsewhere (AWS IAM's OIDC providers) ask anonymously. Source: the service account documentation, "Service account issuer discovery". */
export const publicIssuerBinding: KubeObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'zeroplane:public-issuer-discovery' },
  roleRef: {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'system:service-account-issuer-discovery',
  },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' }],
};
