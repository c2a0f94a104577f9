import { type Controller, watch } from '../../../lib/client/controller.ts';
import { certificateSigningRequests } from '../../../lib/client/resource-type.ts';
import { timestamp } from '../../../lib/runtime/clock.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { contentOf, hasCondition, isIssued, pemOf, type Request } from './request.ts';
import { SIGNERS } from './validate.ts';

/** kube-controller-manager's --cluster-signing-duration. */
const DURATION_MS = 365 * 86_400_000;
const MIN_DURATION_MS = 600_000;

/** Signs with the cluster's authority what was approved. Source: k8s.io/kubernetes/pkg/controller/certificates/signer. */
export function createCertificateSigningController(dependencies: ControllerDependencies): Controller {
  const { caches, clientFor, clock, authority } = dependencies;
  const cache = caches.cache(certificateSigningRequests);
  const client = clientFor('certificate-controller');
  return {
    name: 'certificatesigningrequest-signing',
    watches: [
      watch(certificateSigningRequests, (request) => (request && isWaiting(request) ? [request.metadata.name] : [])),
    ],
    async reconcile(name) {
      const request = cache.get(name);
      if (!authority || !request || !isWaiting(request)) return undefined;
      const content = await contentOf(request);
      if (!content) return undefined;
      const fault = SIGNERS.get(request.spec.signerName)!(content, request.spec.usages ?? []);
      const status = fault ? { conditions: failed(request, fault) } : { certificate: await sign(request) };
      const changed = { ...request, status: { ...request.status, ...status } };
      await client.update(certificateSigningRequests, changed, { subresource: 'status' });
      return undefined;
    },
  };

  async function sign(request: Request): Promise<string> {
    const { signRequest } = await import('../../../lib/pki/sign.ts');
    const { usages = [], expirationSeconds } = request.spec;
    const policy = { usages, ttlMs: durationMs(expirationSeconds), now: clock.now() };
    return Buffer.from(await signRequest(await authority!(), pemOf(request), policy)).toString('base64');
  }

  function failed(request: Request, message: string) {
    const reason = 'SignerValidationFailure';
    const condition = { type: 'Failed', status: 'True', reason, message, lastUpdateTime: timestamp(clock) };
    return [...(request.status?.conditions ?? []), condition];
  }
}

function isWaiting(request: Request): boolean {
  const approved = hasCondition(request, 'Approved') && !hasCondition(request, 'Denied', 'Failed');
  return approved && !isIssued(request) && SIGNERS.has(request.spec.signerName);
}

/** What is asked for, between ten minutes and what the signer gives unasked. */
export function durationMs(expirationSeconds: number | undefined): number {
  if (expirationSeconds === undefined) return DURATION_MS;
  return Math.min(DURATION_MS, Math.max(MIN_DURATION_MS, expirationSeconds * 1000));
}
