import { API_PROXY_SIGNER, CLIENT_SIGNER, KUBELET_SERVING_SIGNER } from '../../../lib/api/signers.ts';
import { access } from '../../builders/requests.ts';
import { secureCluster, user } from '../../builders/security.ts';

const signer = (verb: string, name: string) => ({ verb, group: 'certificates.k8s.io', resource: 'signers', name });

test.each([
  [signer('approve', KUBELET_SERVING_SIGNER), true],
  [signer('approve', API_PROXY_SIGNER), true],
  [signer('sign', API_PROXY_SIGNER), true],
  [signer('approve', CLIENT_SIGNER), false],
])('the certificate controller: %j is %s', async (wanted, allowed) => {
  const cluster = await secureCluster();
  const controller = user('system:serviceaccount:kube-system:certificate-controller', 'system:serviceaccounts');
  expect((await cluster.authorize(access(controller, wanted))).allowed).toBe(allowed);
});

test.each([
  [{ verb: 'impersonate', resource: 'users', name: 'system:kube-proxy' }, true],
  [{ verb: 'impersonate', resource: 'users', name: 'zeroplane:ingress-gateway' }, false],
  [{ verb: 'create', group: 'certificates.k8s.io', resource: 'certificatesigningrequests' }, true],
  [signer('approve', KUBELET_SERVING_SIGNER), false],
])('a node: %j is %s', async (wanted, allowed) => {
  const cluster = await secureCluster();
  const node = user('system:node:i-1', 'system:nodes', 'system:authenticated');
  expect((await cluster.authorize(access(node, wanted))).allowed).toBe(allowed);
});
