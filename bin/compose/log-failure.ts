import { StatusError } from '../../lib/api/status.ts';
import { StoreError } from '../../lib/storage/contract.ts';

/** Who asks from where the log does not reach, or from beyond it (tables that were restored), begins anew. */
export function logFailure(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  if (error.reason !== 'Expired' && error.reason !== 'FutureRevision') return error;
  return new StatusError(410, 'Expired', error.message);
}
