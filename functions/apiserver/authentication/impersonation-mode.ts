import type { AuthorizationAttributes, UserInfo } from '../contract.ts';
import {
  AUTHENTICATED,
  anonymous,
  nodeOf,
  serviceAccountGroups,
  serviceAccountOf,
  UNAUTHENTICATED,
  withGroup,
} from './identity.ts';

export interface Wanted {
  username: string;
  uid: string;
  groups: string[];
  extra: Record<string, string[]>;
}

/** One way of being allowed to act as somebody else. Source: k8s.io/apiserver/pkg/endpoints/filters/impersonation/mode.go */
export interface ImpersonationMode {
  applies(wanted: Wanted, requestor: UserInfo): boolean;
  /** All must be allowed. */
  checks(wanted: Wanted, request: AuthorizationAttributes): AuthorizationAttributes[];
  identity(wanted: Wanted): UserInfo;
}

const AUTHENTICATION_GROUP = 'authentication.k8s.io';
const NODE_NAME = 'authentication.kubernetes.io/node-name';

export const impersonationModes: readonly ImpersonationMode[] = [
  constrained('associated-node', (wanted, requestor) => {
    const node = nodeName(wanted);
    return onlyUsername(wanted) && node !== undefined && requestor.extra?.[NODE_NAME]?.[0] === node;
  }),
  constrained('arbitrary-node', (wanted) => onlyUsername(wanted) && nodeName(wanted) !== undefined),
  constrained('serviceaccount', (wanted) => onlyUsername(wanted) && serviceAccountOf(wanted.username) !== undefined),
  constrained(
    'user-info',
    // system:masters passes every authorizer: only the old mode may hand it out.
    (wanted) =>
      nodeName(wanted) === undefined &&
      !serviceAccountOf(wanted.username) &&
      !wanted.groups.some((group) => group === '' || group === 'system:masters'),
  ),
  {
    applies: () => true,
    checks: (wanted, request) => identityChecks(wanted, request.user, 'impersonate', ''),
    identity: (wanted) => identityOf(wanted, serviceAccountDefault(wanted)),
  },
];

/** `impersonate-on:MODE:VERB` on what is asked for, and `impersonate:MODE` on whom it is asked as. */
function constrained(mode: string, applies: ImpersonationMode['applies']): ImpersonationMode {
  return {
    applies,
    checks: (wanted, request) => [
      { ...request, verb: `impersonate-on:${mode}:${request.verb}` },
      ...identityChecks(wanted, request.user, `impersonate:${mode}`, AUTHENTICATION_GROUP),
    ],
    identity: (wanted) =>
      identityOf(wanted, nodeName(wanted) === undefined ? serviceAccountDefault(wanted) : ['system:nodes']),
  };
}

function identityChecks(wanted: Wanted, user: UserInfo, verb: string, group: string): AuthorizationAttributes[] {
  const check = (resource: string, name: string, more: Partial<AuthorizationAttributes> = {}) => ({
    ...NOTHING,
    user,
    verb,
    group: AUTHENTICATION_GROUP,
    resource,
    name,
    ...more,
  });
  const extras = Object.entries(wanted.extra);
  return [
    usernameCheck(wanted, check, group),
    ...(wanted.uid ? [check('uids', wanted.uid)] : []),
    ...wanted.groups.map((name) => check('groups', name, { group })),
    ...extras.flatMap(([subresource, names]) => names.map((name) => check('userextras', name, { subresource }))),
  ];
}

type Check = (resource: string, name: string, more?: Partial<AuthorizationAttributes>) => AuthorizationAttributes;

function usernameCheck(wanted: Wanted, check: Check, group: string): AuthorizationAttributes {
  const account = serviceAccountOf(wanted.username);
  if (account) return check('serviceaccounts', account.name, { group, namespace: account.namespace });
  const node = nodeName(wanted);
  return group && node !== undefined ? check('nodes', node, { group }) : check('users', wanted.username, { group });
}

const NOTHING = { isResource: true, version: 'v1', subresource: '', namespace: '', path: '' };

function onlyUsername({ uid, groups, extra }: Wanted): boolean {
  return !uid && groups.length === 0 && Object.keys(extra).length === 0;
}

function nodeName({ username }: Wanted): string | undefined {
  return nodeOf({ username, groups: ['system:nodes'] });
}

/** A ServiceAccount's groups are known. */
function serviceAccountDefault({ username, groups }: Wanted): string[] {
  const account = groups.length === 0 ? serviceAccountOf(username) : undefined;
  return account ? serviceAccountGroups(account.namespace) : groups;
}

function identityOf({ username, uid, extra }: Wanted, groups: string[]): UserInfo {
  const user: UserInfo = { username, groups };
  if (uid) user.uid = uid;
  if (Object.keys(extra).length) user.extra = extra;
  if (username === anonymous.username) return withGroup(user, UNAUTHENTICATED);
  return groups.includes(UNAUTHENTICATED) ? user : withGroup(user, AUTHENTICATED);
}
