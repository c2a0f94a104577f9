import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RbacSubject as Subject,
} from '../../../lib/api/types.ts';
import type { UserInfo } from '../contract.ts';

/** What one binding gives one of its subjects: the rules of its role, or why it has none. */
export interface Grant {
  readonly rules: readonly PolicyRule[];
  readonly error?: string;
  /** `ClusterRoleBinding "b" of ClusterRole "r" to Group "g"`, for SubjectAccessReview's reason. */
  readonly source: string;
}

/** Grants by subject: `u:NAME` (a ServiceAccount is its user name) and `g:GROUP`. */
export type Policy = ReadonlyMap<string, readonly Grant[]>;

export interface Roles {
  readonly clusterRoles: ReadonlyMap<string, ClusterRole>;
  /** Of the bindings' namespace. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** `namespace` is the bindings', or empty for ClusterRoleBindings. */
export function compilePolicy(
  bindings: readonly (RoleBinding | ClusterRoleBinding)[],
  roles: Roles,
  namespace: string,
): Policy {
  const policy = new Map<string, Grant[]>();
  for (const binding of bindings) {
    const given = givenBy(binding, roles);
    for (const subject of binding.subjects ?? []) {
      const grant = { ...given, source: `${describe(binding)} to ${describeSubject(subject, namespace)}` };
      const key = subjectKey(subject, namespace);
      const grants = policy.get(key);
      if (grants) grants.push(grant);
      else policy.set(key, [grant]);
    }
  }
  return policy;
}

function describe({ metadata, roleRef }: RoleBinding | ClusterRoleBinding): string {
  const namespace = metadata?.namespace;
  const own = namespace ? `RoleBinding "${metadata?.name}/${namespace}"` : `ClusterRoleBinding "${metadata?.name}"`;
  return `${own} of ${roleRef.kind} "${roleRef.name}"`;
}

function describeSubject(subject: Subject, namespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind} "${subject.name}"`;
  return `${subject.kind} "${subject.name}/${subject.namespace || namespace}"`;
}

function givenBy(binding: RoleBinding | ClusterRoleBinding, roles: Roles): Omit<Grant, 'source'> {
  const { kind, name } = binding.roleRef;
  const known = kind === 'ClusterRole' ? roles.clusterRoles : kind === 'Role' ? roles.roles : undefined;
  if (!known) return { rules: [], error: `unsupported role reference kind: ${JSON.stringify(kind)}` };
  const role = known.get(name);
  if (role) return { rules: role.rules ?? [] };
  return { rules: [], error: `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found` };
}

function subjectKey(subject: Subject, namespace: string): string {
  if (subject.kind === 'Group') return `g:${subject.name}`;
  if (subject.kind !== 'ServiceAccount') return `u:${subject.name}`;
  const own = subject.namespace || namespace;
  return own ? `u:system:serviceaccount:${own}:${subject.name}` : '';
}

/** Every grant that reaches this user. */
export function* grantsFor(policy: Policy, user: UserInfo): Generator<Grant> {
  yield* policy.get(`u:${user.username}`) ?? [];
  for (const group of user.groups) yield* policy.get(`g:${group}`) ?? [];
}
