import type { Transport } from './client.ts';

/** Who an in-process component is; what the apiserver's authorization sees. */
export interface InProcessUser {
  username: string;
  groups: readonly string[];
}

/** Requests straight into an apiserver's `fetch` in the same process or bundle: no HTTP, but admission and authorization all the same. */
export function inProcess<User extends InProcessUser>(
  fetch: (request: Request, connection: { user: User }) => Promise<Response>,
  user: User,
): Transport {
  const connection = { user };
  return (request) => fetch(request, connection);
}

/** A ServiceAccount's identity. Source: the service account documentation, "Authentication". */
export function serviceAccountUser(namespace: string, name: string): InProcessUser {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}
