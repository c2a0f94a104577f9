import { StatusError } from '../../lib/api/status.ts';

/** What kube-apiserver answers where a resource is served, but not this verb of it. */
export function methodNotAllowed(): StatusError {
  return new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}
