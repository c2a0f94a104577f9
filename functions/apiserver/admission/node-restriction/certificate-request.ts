import type { CertificateSigningRequest } from '../../../../lib/api/types.ts';
import type { AdmissionAttributes } from '../../contract.ts';
import { requestedSubject } from '../certificate-request.ts';
import { refusal } from '../request.ts';

const KUBELET_SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

/** A node asks for certificates in its own name only. */
export async function checkCertificateRequest(node: string, attributes: AdmissionAttributes): Promise<void> {
  if (attributes.operation !== 'CREATE') return;
  const { spec } = attributes.object as CertificateSigningRequest;
  if (!KUBELET_SIGNERS.includes(spec.signerName)) return;
  const { commonName } = await requestedSubject(spec.request).catch((error: Error) => {
    throw refusal(attributes, `unable to parse csr: ${error.message}`);
  });
  if (commonName !== `system:node:${node}`)
    throw refusal(attributes, `can only create a node CSR with CN=system:node:${node}`);
}
