import type { UserInfo } from '../contract.ts';

export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';
export const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

export const anonymous: UserInfo = { username: 'system:anonymous', groups: [UNAUTHENTICATED] };

export function withGroup(user: UserInfo, group: string): UserInfo {
  return user.groups.includes(group) ? user : { ...user, groups: [...user.groups, group] };
}

const SERVICE_ACCOUNT = 'system:serviceaccount:';

export function serviceAccountUsername(namespace: string, name: string): string {
  return `${SERVICE_ACCOUNT}${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** The ServiceAccount that a user name stands for. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(SERVICE_ACCOUNT)) return undefined;
  const [namespace, name, more] = username.slice(SERVICE_ACCOUNT.length).split(':');
  return namespace && name && more === undefined ? { namespace, name } : undefined;
}

const NODE = 'system:node:';

/** The node that a user is: its name, and '' for a member of system:nodes without one. Source: pkg/auth/nodeidentifier. */
export function nodeOf(user: UserInfo): string | undefined {
  if (!user.username.startsWith(NODE) || !user.groups.includes('system:nodes')) return undefined;
  return user.username.slice(NODE.length);
}
