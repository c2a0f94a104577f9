import type { CertificateSigningRequest, ClusterTrustBundle } from '../../../lib/api/types.ts';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '../contract.ts';
import { requestedSubject } from './certificate-request.ts';
import { isFor, refusal } from './request.ts';

const GROUP = 'certificates.k8s.io';
const REQUESTS = 'certificatesigningrequests';
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

/** Who approves needs `approve` on the signer. Source: plugin/pkg/admission/certificates/approval */
export function certificateApproval(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    async validate(attributes) {
      if (attributes.operation !== 'UPDATE' || !isFor(attributes, GROUP, REQUESTS, 'approval')) return;
      const signer = signerOf(attributes.oldObject);
      if (await mayUse(signer, 'approve', attributes, authorize)) return;
      throw refusal(attributes, `user not permitted to approve requests with signerName "${signer}"`);
    },
  };
}

/** Who sets a certificate or a condition needs `sign`. Source: plugin/pkg/admission/certificates/signing */
export function certificateSigning(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    async validate(attributes) {
      if (attributes.operation !== 'UPDATE' || !isFor(attributes, GROUP, REQUESTS, 'status')) return;
      if (outcome(attributes.object) === outcome(attributes.oldObject)) return;
      const signer = signerOf(attributes.oldObject);
      if (await mayUse(signer, 'sign', attributes, authorize)) return;
      throw refusal(attributes, `user not permitted to sign requests with signerName "${signer}"`);
    },
  };
}

/** Who writes a signer's bundle needs `attest`. Source: plugin/pkg/admission/certificates/ctbattest */
export function clusterTrustBundleAttest(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'ClusterTrustBundleAttest',
    async validate(attributes) {
      if (attributes.operation === 'DELETE' || !isFor(attributes, GROUP, 'clustertrustbundles')) return;
      const signer = (attributes.object as ClusterTrustBundle).spec.signerName;
      if (!signer || (await mayUse(signer, 'attest', attributes, authorize))) return;
      throw refusal(attributes, `user not permitted to attest for signerName "${signer}"`);
    },
  };
}

/** No certificate makes a member of system:masters. Source: plugin/pkg/admission/certificates/subjectrestriction */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  async validate(attributes) {
    if (attributes.operation !== 'CREATE' || !isFor(attributes, GROUP, REQUESTS)) return;
    const { spec } = attributes.object as CertificateSigningRequest;
    if (spec.signerName !== CLIENT_SIGNER) return;
    const { organizations } = await requestedSubject(spec.request).catch((error: Error) => {
      throw refusal(attributes, `failed to parse CSR: ${error.message}`);
    });
    if (organizations.includes('system:masters'))
      throw refusal(attributes, `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`);
  },
};

function signerOf(request: unknown): string {
  return (request as CertificateSigningRequest).spec.signerName;
}

function outcome(request: unknown): string {
  const { certificate, conditions } = (request as CertificateSigningRequest).status ?? {};
  return JSON.stringify([certificate, conditions ?? []]);
}

/** The signer itself, or all of its domain: `example.com/*`. */
async function mayUse(signer: string, verb: string, attributes: AdmissionAttributes, authorize: Authorizer) {
  const { user, info } = attributes;
  const about = { ...info, user, verb, version: '*', resource: 'signers', subresource: '', namespace: '' };
  if ((await authorize({ ...about, name: signer })).allowed) return true;
  return (await authorize({ ...about, name: `${signer.split('/')[0]}/*` })).allowed;
}
