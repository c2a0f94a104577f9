import { badRequest } from '../../../lib/api/status.ts';
import { forbiddenError } from '../authorization/forbidden.ts';
import type { AuthorizationAttributes, Authorizer, UserInfo } from '../contract.ts';
import { impersonationModes, type Wanted } from './impersonation-mode.ts';

const EXTRA = 'impersonate-extra-';

/**
 * Who the request acts as: the authenticated user, or whom its Impersonate-* headers name, if that is allowed.
 * Constrained modes (KEP-5284) are tried before the old one; the first refusal is the answer.
 */
export async function impersonate(
  headers: Headers,
  attributes: AuthorizationAttributes,
  authorize: Authorizer,
): Promise<UserInfo> {
  const wanted = wantedUser(headers);
  if (!wanted) return attributes.user;
  let refusal: Error | undefined;
  for (const mode of impersonationModes) {
    if (!mode.applies(wanted, attributes.user)) continue;
    const denied = await firstDenied(mode.checks(wanted, attributes), authorize);
    if (!denied) return mode.identity(wanted);
    refusal ??= denied;
  }
  throw refusal;
}

async function firstDenied(checks: readonly AuthorizationAttributes[], authorize: Authorizer) {
  for (const check of checks) {
    const { allowed, reason } = await authorize(check);
    if (!allowed) return forbiddenError(check, reason);
  }
  return undefined;
}

/** Undefined: nobody is impersonated. Source: k8s.io/apiserver/pkg/endpoints/filters/impersonation */
function wantedUser(headers: Headers): Wanted | undefined {
  const username = headers.get('impersonate-user') ?? '';
  const uid = headers.get('impersonate-uid') ?? '';
  const groups = values(headers, 'impersonate-group');
  const extra = extraOf(headers);
  if (username) return { username, uid, groups, extra };
  if (!uid && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${JSON.stringify({ uid, groups, extra })} without impersonating a user name`);
}

/** Repeated headers are joined with `, `. */
function values(headers: Headers, name: string): string[] {
  const joined = headers.get(name);
  return joined === null ? [] : joined.split(',').map((value) => value.trim());
}

function extraOf(headers: Headers): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  headers.forEach((_, name) => {
    if (name.startsWith(EXTRA)) extra[decodeURIComponent(name.slice(EXTRA.length))] = values(headers, name);
  });
  return extra;
}
