import type { KubeObject } from '../../../lib/api/object.ts';
import { KUBELET_CLIENT_SIGNER } from '../../../lib/api/signers.ts';
import type { Client } from '../../../lib/client/client.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { certificateSigningRequests, subjectAccessReviews } from '../../../lib/client/resource-type.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { approved, contentOf, isPending, type Request } from './request.ts';
import { kubeletClientFault } from './validate.ts';

/** Approves what a node asks to be known by, if who asks may: `create` on certificatesigningrequests/selfnodeclient or nodeclient. Source: k8s.io/kubernetes/pkg/controller/certificates/approver. */
export function createCertificateApprovingController({ caches, clientFor }: ControllerDependencies): Controller {
  const cache = caches.cache(certificateSigningRequests);
  const client = clientFor('certificate-controller');
  return {
    name: 'certificatesigningrequest-approving',
    watches: [
      watch(certificateSigningRequests, (request) => (request && isOurs(request) ? [request.metadata.name] : [])),
    ],
    async reconcile(name) {
      const request = cache.get(name);
      if (!request || !isOurs(request)) return undefined;
      for (const subresource of await permissions(request)) {
        if (!(await mayCreate(client, request, subresource))) continue;
        const whose = subresource === 'selfnodeclient' ? 'self kubelet client' : 'kubelet client';
        const decided = approved(request, `Auto approving ${whose} certificate after SubjectAccessReview.`);
        await client.update(certificateSigningRequests, decided, { subresource: 'approval' });
        return undefined;
      }
      return undefined;
    },
  };
}

function isOurs(request: Request): boolean {
  return request.spec.signerName === KUBELET_CLIENT_SIGNER && isPending(request);
}

/** What the requester has to be allowed, any of it. */
async function permissions(request: Request): Promise<string[]> {
  const content = await contentOf(request);
  if (!content || kubeletClientFault(content, request.spec.usages ?? [])) return [];
  return request.spec.username === content.commonName ? ['selfnodeclient', 'nodeclient'] : ['nodeclient'];
}

async function mayCreate(client: Client, { spec }: Request, subresource: string): Promise<boolean> {
  const { username: user, uid, groups, extra } = spec;
  const resource = { group: 'certificates.k8s.io', version: '*', resource: 'certificatesigningrequests' };
  const resourceAttributes = { ...resource, verb: 'create', subresource };
  const review = { spec: { user, uid, groups, extra, resourceAttributes } };
  const answer: KubeObject = await client.create(subjectAccessReviews, review);
  return answer['status']?.allowed === true;
}
