/** Signers of the certificates API that a control plane itself serves. Source: k8s.io/api/certificates/v1. */
export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving';
export const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';

/** What a node shows its pods where it answers for the apiserver: the names and address of the `kubernetes` Service. */
export const API_PROXY_SIGNER = 'zeroplane.dev/api-proxy-serving';
