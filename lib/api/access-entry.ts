import { createHash } from 'node:crypto';
import { type AwsIdentity, canonicalPrincipal, isRole } from './aws-principal.ts';
import type { ConfigMap } from './types.ts';

/**
 * Which user an AWS principal is to Kubernetes. Each is a ConfigMap of its own in kube-system, named after the principal: one read finds
 * it, and two grants at once do not meet in one object. Whoever may write ConfigMaps of kube-system may grant access.
 */
export interface AccessEntry {
  /** `arn:aws:iam::ACCOUNT:role/NAME` or `…:user/NAME`. */
  principal: string;
  /** May hold {{SessionName}}, {{SessionNameRaw}} and {{AccountID}}. */
  username: string;
  groups: string[];
}

export const ACCESS_NAMESPACE = 'kube-system';
export const ACCESS_LABEL = 'zeroplane/access';
export const ACCESS_KIND = 'aws';

export function accessEntryName(principal: string): string {
  return `aws-access-${createHash('sha256').update(principal).digest('hex').slice(0, 40)}`;
}

/** As EKS names whom an access entry gives no name: a role's sessions apart from each other. */
export function defaultUsername(principal: string): string {
  if (!isRole(principal)) return principal;
  return `${principal.replace(':iam::', ':sts::').replace(':role/', ':assumed-role/')}/{{SessionName}}`;
}

const TEMPLATE = /\{\{([^{}]*)\}\}/g;
const TEMPLATES = ['SessionName', 'SessionNameRaw', 'AccountID'];

/** Why the entry cannot be; undefined: it can. Names of Kubernetes' own are not to be had this way, as with EKS's access entries. */
export function accessEntryFault({ principal, username, groups }: AccessEntry): string | undefined {
  if (canonicalPrincipal(principal) !== principal)
    return `${JSON.stringify(principal)} is no ARN of an IAM user or role`;
  if (!username) return 'a username must not be empty';
  const unknown = [...username.matchAll(TEMPLATE)].find(([, name]) => !TEMPLATES.includes(name!));
  if (unknown)
    return `${unknown[0]} is unknown: usernames may hold ${TEMPLATES.map((name) => `{{${name}}}`).join(', ')}`;
  if (/^system:/i.test(username)) return `the username ${username} is Kubernetes' own`;
  if (username.includes('{{SessionName') && !isRole(principal)) return 'only sessions of roles have a session name';
  const own = groups.find((group) => /^system:/i.test(group));
  if (own) return `the group ${own} is Kubernetes' own`;
  return groups.every((group) => group && !/\s/.test(group)) ? undefined : 'a group is a word without spaces';
}

export function accessConfigMap(entry: AccessEntry): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: ACCESS_NAMESPACE,
      name: accessEntryName(entry.principal),
      labels: { [ACCESS_LABEL]: ACCESS_KIND },
    },
    data: { principal: entry.principal, username: entry.username, groups: entry.groups.join('\n') },
  };
}

/** undefined: it is no access entry, or one that must not count. */
export function accessEntryOf({ metadata, data = {} }: ConfigMap): AccessEntry | undefined {
  const groups = (data['groups'] ?? '').split('\n').filter(Boolean);
  const entry = { principal: data['principal'] ?? '', username: data['username'] ?? '', groups };
  if (metadata?.labels?.[ACCESS_LABEL] !== ACCESS_KIND || accessEntryFault(entry)) return undefined;
  return metadata.name === accessEntryName(entry.principal) ? entry : undefined;
}

/** `-` for the `@` of an SSO user's session: file names and labels are often made of user names. As aws-iam-authenticator does. */
export function usernameFor({ username }: AccessEntry, { account, sessionName }: AwsIdentity): string {
  const values: Record<string, string> = {
    AccountID: account,
    SessionName: sessionName.replaceAll('@', '-'),
    SessionNameRaw: sessionName,
  };
  return username.replace(TEMPLATE, (whole, name: string) => values[name] ?? whole);
}
