import { X509Certificate } from 'node:crypto';
import { isReason } from '../../../lib/api/status.ts';
import { timeMs } from '../../../lib/api/time.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { certificateSigningRequests } from '../../../lib/client/resource-type.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { isIssued, type Request } from './request.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Removes requests whose time is over: an hour after a decision, a day without one. Source: k8s.io/kubernetes/pkg/controller/certificates/cleaner. */
export function createCertificateCleaner({ caches, clientFor, clock }: ControllerDependencies): Controller {
  const cache = caches.cache(certificateSigningRequests);
  const client = clientFor('certificate-controller');
  return {
    name: 'certificatesigningrequest-cleaner',
    watches: [watch(certificateSigningRequests, (request) => (request ? [request.metadata.name] : []))],
    async reconcile(name) {
      const request = cache.get(name);
      if (!request) return undefined;
      const leftMs = endsMs(request) - clock.now();
      if (leftMs > 0) return Number.isFinite(leftMs) ? { requeueAfterMs: leftMs } : undefined;
      try {
        await client.delete(certificateSigningRequests, { name }, { uid: request.metadata.uid });
      } catch (error) {
        if (!isReason(error, 'NotFound', 'Conflict')) throw error;
      }
      return undefined;
    },
  };
}

/** When nobody needs it any more. */
export function endsMs(request: Request): number {
  const conditions = request.status?.conditions ?? [];
  if (conditions.length === 0) return timeMs(request.metadata.creationTimestamp) + DAY_MS;
  const ends = conditions.map(({ type, lastUpdateTime }) => timeMs(lastUpdateTime) + keptMs(type, isIssued(request)));
  const expiry = conditions.some(({ type }) => type === 'Approved') ? certificateEndsMs(request) : Number.NaN;
  return Math.min(...[...ends, expiry].filter((at) => !Number.isNaN(at)));
}

function keptMs(type: string, issued: boolean): number {
  if (type === 'Approved') return issued ? HOUR_MS : DAY_MS;
  return type === 'Denied' || type === 'Failed' ? HOUR_MS : Number.NaN;
}

function certificateEndsMs({ status }: Request): number {
  if (!status?.certificate) return Number.NaN;
  try {
    return Date.parse(new X509Certificate(Buffer.from(status.certificate, 'base64')).validTo);
  } catch {
    return Number.NaN; // whatever a signer of another kind wrote there
  }
}
