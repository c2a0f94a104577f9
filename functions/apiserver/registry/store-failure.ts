import {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  type GroupResource,
  internalError,
  notFound,
  OBJECT_MODIFIED,
  StatusError,
  serviceUnavailable,
  tooManyRequests,
} from '../../../lib/api/status.ts';
import { StoreError } from '../../../lib/storage/contract.ts';

const RETRY_AFTER_SECONDS = 1;

/** A store's refusal as the Status that kube-apiserver gives for it; anything else passes through. */
export function storeFailure(error: unknown, type: GroupResource, name: string): unknown {
  if (!(error instanceof StoreError)) return error;
  switch (error.reason) {
    case 'Exists':
      return alreadyExists(type, name);
    case 'NotFound':
      return notFound(type, name);
    case 'Conflict':
      return conflict(type, name, OBJECT_MODIFIED);
    case 'TooLarge':
      return new StatusError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728');
    // As etcd's "database space exceeded": a client that is told to retry would only wait.
    case 'Full':
    case 'Unreadable':
      return internalError(error.message);
    case 'Throttled':
      return tooManyRequests(error.message, RETRY_AFTER_SECONDS);
    case 'Expired':
      return expired('The resourceVersion for the provided list is too old.');
    case 'InvalidToken':
      return badRequest(`invalid continue token: ${error.message}`);
    case 'FutureRevision':
      return tooLargeResourceVersion(error.message);
    case 'Unknown':
      return new StatusError(504, 'Timeout', `Timeout: the outcome of the write is not known: ${error.message}`);
    case 'Closed':
      return serviceUnavailable('the store is closed');
  }
}

/** A read asked for a resourceVersion that is not there yet. Source: k8s.io/apiserver storage.NewTooLargeResourceVersionError. */
export function tooLargeResourceVersion(message: string): StatusError {
  const cause = { reason: 'ResourceVersionTooLarge', message: 'Too large resource version' };
  return new StatusError(504, 'Timeout', message, { causes: [cause], retryAfterSeconds: RETRY_AFTER_SECONDS });
}
