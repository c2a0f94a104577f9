import { StatusError } from '../../lib/api/status.ts';

/** Nothing can be created in a namespace that goes away: all later tries would fail alike. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true
  );
}
