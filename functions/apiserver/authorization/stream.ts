import type { AuthorizationAttributes, Authorizer } from '../contract.ts';
import { forbiddenError } from './forbidden.ts';

const STREAMS = ['pods/attach', 'pods/exec', 'pods/portforward'];

/**
 * A WebSocket opens with a GET, which who may only read may send: running something takes `create` too.
 * Source: ensureAuthorizedForVerb of k8s.io/kubernetes/pkg/registry/core/pod/rest/subresources.go.
 */
export async function authorizeStream(authorize: Authorizer, attributes: AuthorizationAttributes): Promise<void> {
  const { group, resource, subresource, verb } = attributes;
  if (group !== '' || verb === 'create' || !STREAMS.includes(`${resource}/${subresource}`)) return;
  const create = { ...attributes, verb: 'create' };
  const { allowed, reason } = await authorize(create);
  if (!allowed) throw forbiddenError(create, reason);
}
