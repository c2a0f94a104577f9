import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../../lib/api/types.ts';
import type { AuthorizationAttributes, Decision, UserInfo } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { compilePolicy, type Grant, grantsFor, type Policy } from './policy.ts';
import { ruleAllows } from './policy-rule.ts';

const GROUP = 'rbac.authorization.k8s.io';
const CLUSTER_ROLES = `clusterroles.${GROUP}`;
const CLUSTER_ROLE_BINDINGS = `clusterrolebindings.${GROUP}`;
const ROLES = `roles.${GROUP}`;
const ROLE_BINDINGS = `rolebindings.${GROUP}`;

/** Namespaces whose policy is kept compiled. */
const MAX_NAMESPACES = 1_000;

export interface Rbac {
  authorize(attributes: AuthorizationAttributes): Promise<Decision>;
  /** All rules that reach the user in the namespace, and what could not be resolved. */
  rulesFor(user: UserInfo, namespace: string): Promise<{ rules: PolicyRule[]; errors: string[] }>;
  /** The rules behind a binding's roleRef; undefined: there is no such role. */
  roleRules(kind: string, name: string, namespace: string): Promise<readonly PolicyRule[] | undefined>;
}

/**
 * Role-based access control over compiled policies. A policy is compiled again when something it was made from has
 * changed, so that the request after a binding's creation already sees it.
 */
export function rbac(reader: Reader): Rbac {
  const policies = policyCache(reader);

  async function grants(user: UserInfo, namespace: string): Promise<Grant[]> {
    const cluster = await policies.cluster();
    const found = [...grantsFor(cluster, user)];
    if (namespace) found.push(...grantsFor(await policies.namespace(namespace), user));
    return found;
  }

  return {
    async authorize(attributes) {
      const held = await grants(attributes.user, attributes.namespace);
      const allowing = held.find((grant) => grant.rules.some((rule) => ruleAllows(rule, attributes)));
      if (allowing) return { allowed: true, reason: `RBAC: allowed by ${allowing.source}` };
      const errors = errorsOf(held);
      return errors.length ? { allowed: false, reason: `RBAC: ${aggregate(errors)}` } : { allowed: false };
    },
    async rulesFor(user, namespace) {
      const held = await grants(user, namespace);
      return { rules: held.flatMap((grant) => grant.rules), errors: errorsOf(held) };
    },
    async roleRules(kind, name, namespace) {
      if (kind === 'Role') return rulesOf(await reader.get<Role>(ROLES, name, namespace));
      return rulesOf(await reader.get<ClusterRole>(CLUSTER_ROLES, name));
    },
  };
}

function rulesOf(role: { rules?: PolicyRule[] | undefined } | undefined): readonly PolicyRule[] | undefined {
  return role && (role.rules ?? []);
}

function errorsOf(grants: readonly Grant[]): string[] {
  return [...new Set(grants.flatMap((grant) => grant.error ?? []))];
}

/** utilerrors.Aggregate's text. */
function aggregate(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`;
}

interface Compiled {
  /** The lists it was made from: the reader gives the same arrays again until something in them changes. */
  readonly sources: readonly (readonly object[])[];
  readonly policy: Policy;
}

function policyCache(reader: Reader) {
  let cluster: Compiled | undefined;
  const namespaces = new Map<string, Compiled>();

  return {
    async cluster(): Promise<Policy> {
      const [clusterRoles, bindings] = await Promise.all([
        reader.list<ClusterRole>(CLUSTER_ROLES),
        reader.list<ClusterRoleBinding>(CLUSTER_ROLE_BINDINGS),
      ]);
      const sources = [clusterRoles, bindings];
      if (!cluster || !same(cluster.sources, sources)) {
        const roles = { clusterRoles: byName(clusterRoles), roles: new Map() };
        cluster = { sources, policy: compilePolicy(bindings, roles, '') };
      }
      return cluster.policy;
    },
    async namespace(namespace: string): Promise<Policy> {
      const bindings = await reader.list<RoleBinding>(ROLE_BINDINGS, namespace);
      if (bindings.length === 0) return NO_POLICY;
      const [clusterRoles, roles] = await Promise.all([
        reader.list<ClusterRole>(CLUSTER_ROLES),
        reader.list<Role>(ROLES, namespace),
      ]);
      const sources = [clusterRoles, roles, bindings];
      const known = namespaces.get(namespace);
      if (known && same(known.sources, sources)) return known.policy;
      const named = { clusterRoles: byName(clusterRoles), roles: byName(roles) };
      const policy = compilePolicy(bindings, named, namespace);
      if (namespaces.size >= MAX_NAMESPACES) namespaces.delete(namespaces.keys().next().value!);
      namespaces.set(namespace, { sources, policy });
      return policy;
    },
  };
}

const NO_POLICY: Policy = new Map();

function same(left: readonly object[], right: readonly object[]): boolean {
  return left.every((list, i) => list === right[i]);
}

function byName<T extends { metadata: { name: string } }>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}
