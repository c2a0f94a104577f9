import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import type { ServerContext } from './server.ts';
import { UpgradeRefused } from './upgrade.ts';

/** Whatever was thrown, as the answer to a request. What is nobody's fault but ours is logged. */
export function failureOf({ log }: ServerContext, error: unknown, { method, url }: IncomingMessage): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof UpgradeRefused) return new HttpError(error.status, error.message);
  log('a request failed', { method, path: url?.split('?')[0], error });
  return new HttpError(500, error instanceof Error ? error.message : String(error));
}
