import { internalError, StatusError } from '../../lib/api/status.ts';
import { StoreError } from '../../lib/storage/contract.ts';
import type { Server } from './dependencies.ts';
import { storeFailure } from './registry/store-failure.ts';

/** Whatever was thrown, as a Status. What is not one is a bug: reported with its cause, answered 500. */
export function failureOf(server: Server, error: unknown, request: Request): StatusError {
  if (error instanceof StatusError) {
    if (error.code >= 500 && error.cause !== undefined) server.report?.(error, request);
    return error;
  }
  if (error instanceof StoreError) return storeFailure(error, { group: '', resource: '' }, '') as StatusError;
  server.report?.(error, request);
  return internalError(error);
}
