import { forbidden, StatusError } from '../../../lib/api/status.ts';
import type { AuthorizationAttributes } from '../contract.ts';

/** The 403 of kube-apiserver. Source: k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go */
export function forbiddenError(attributes: AuthorizationAttributes, reason = ''): StatusError {
  const refusal = sanitize(describe(attributes));
  const message = reason ? `${refusal}: ${reason}` : refusal;
  const { isResource, group, resource, name } = attributes;
  if (!isResource) return new StatusError(403, 'Forbidden', `forbidden: ${message}`, {});
  return forbidden({ group, resource }, name, message);
}

function describe(attributes: AuthorizationAttributes): string {
  const who = `User ${JSON.stringify(attributes.user.username)} cannot ${attributes.verb}`;
  if (!attributes.isResource) return `${who} path ${JSON.stringify(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = `resource "${subresource ? `${resource}/${subresource}` : resource}" in API group "${group}"`;
  return namespace ? `${who} ${what} in the namespace "${namespace}"` : `${who} ${what} at the cluster scope`;
}

/** So that no answer can be read as HTML. */
function sanitize(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
