import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from '../../../functions/apiserver/admission/certificate-signers.ts';
import { nodeRestriction } from '../../../functions/apiserver/admission/node-restriction/node-restriction.ts';
import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const GROUP = 'certificates.k8s.io';
const RBAC = 'rbac.authorization.k8s.io';
const alice = user('alice');

/** spec.request: a PKCS#10 request for this subject. */
async function requestFor(subject: string): Promise<string> {
  await import('reflect-metadata');
  const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm: algorithm });
  return Buffer.from(made.toString('pem')).toString('base64');
}

describe('Certificate requests', () => {
  let cluster: SecureCluster;
  const csr = (spec: object, status: object = {}) => ({ metadata: { name: 'r' }, spec, status });
  const plugins = () => [
    certificateApproval(cluster.authorize),
    certificateSigning(cluster.authorize),
    clusterTrustBundleAttest(cluster.authorize),
    certificateSubjectRestriction,
    nodeRestriction(cluster),
  ];
  const ask = (request: AdmissionRequest) =>
    admit(plugins(), admission({ group: GROUP, resource: 'certificatesigningrequests', user: alice, ...request }));

  async function allow(verb: string, signer: string) {
    const metadata = { name: 'signer' };
    const rules = [{ apiGroups: [GROUP], resources: ['signers'], resourceNames: [signer], verbs: [verb] }];
    await cluster.put(`clusterroles.${RBAC}`, { metadata, rules });
    const roleRef = { kind: 'ClusterRole', name: 'signer' };
    const subjects = [{ kind: 'User', name: 'alice' }];
    await cluster.put(`clusterrolebindings.${RBAC}`, { metadata, roleRef, subjects });
  }

  beforeEach(async () => {
    cluster = await secureCluster({ bootstrap: false });
  });

  test('are approved by who may approve for the signer, or for its whole domain', async () => {
    const object = csr({ signerName: 'example.com/a' });
    const approve = () => ask({ operation: 'UPDATE', subresource: 'approval', name: 'r', object, oldObject: object });
    await expect(approve()).rejects.toThrow('user not permitted to approve requests with signerName "example.com/a"');
    await allow('approve', 'example.com/a');
    await approve();
    await allow('approve', 'example.com/*');
    await approve();
  });

  test('are signed by who may sign; other changes of the status are free', async () => {
    const old = csr({ signerName: 'example.com/a' });
    const update = (status: object) =>
      ask({ operation: 'UPDATE', subresource: 'status', name: 'r', object: csr(old.spec, status), oldObject: old });
    await update({});
    await expect(update({ certificate: 'x' })).rejects.toThrow(
      'user not permitted to sign requests with signerName "example.com/a"',
    );
    await allow('sign', 'example.com/a');
    await update({ certificate: 'x' });
  });

  test('make no member of system:masters', async () => {
    const signerName = 'kubernetes.io/kube-apiserver-client';
    const create = async (subject: string) => ask({ object: csr({ signerName, request: await requestFor(subject) }) });
    await create('CN=alice,O=dev');
    await expect(create('CN=alice,O=system:masters')).rejects.toThrow(
      'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
    await expect(ask({ object: csr({ signerName, request: 'bm9uc2Vuc2U=' }) })).rejects.toThrow('failed to parse CSR');
  });

  test('of a node are for itself', async () => {
    const signerName = 'kubernetes.io/kubelet-serving';
    const create = async (subject: string) =>
      ask({
        user: user('system:node:n1', 'system:nodes'),
        object: csr({ signerName, request: await requestFor(subject) }),
      });
    await create('CN=system:node:n1,O=system:nodes');
    await expect(create('CN=system:node:n2,O=system:nodes')).rejects.toThrow(
      'can only create a node CSR with CN=system:node:n1',
    );
  });

  test('and trust bundles need the signer’s attestation', async () => {
    const create = (spec: object) =>
      ask({
        resource: 'clustertrustbundles',
        object: { metadata: { name: 'b' }, spec: { trustBundle: 'x', ...spec } },
      });
    await create({});
    await expect(create({ signerName: 'example.com/a' })).rejects.toThrow(
      'user not permitted to attest for signerName "example.com/a"',
    );
  });
});
