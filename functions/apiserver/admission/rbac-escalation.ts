import { forbidden, notFound } from '../../../lib/api/status.ts';
import type { PolicyRule, RoleRef } from '../../../lib/api/types.ts';
import { compactRules, describeRule, quoteList, uncovered } from '../authorization/covers.ts';
import type { Rbac } from '../authorization/rbac.ts';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '../contract.ts';

const GROUP = 'rbac.authorization.k8s.io';

/**
 * Nobody grants what they do not hold, unless they may `escalate` the role or `bind` it. In kube-apiserver it is part of the
 * storage of roles and bindings. Source: k8s.io/kubernetes/pkg/registry/rbac
 */
export function rbacEscalation(rbac: Rbac, authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    async validate(attributes) {
      const { info, operation, user } = attributes;
      if (info.group !== GROUP || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      if (user.groups.includes('system:masters') || touchesGarbageCollectionOnly(attributes)) return;
      if (info.resource === 'roles' || info.resource === 'clusterroles') return checkRole(attributes, rbac, authorize);
      return checkBinding(attributes, rbac, authorize);
    },
  };
}

async function checkRole(attributes: AdmissionAttributes, rbac: Rbac, authorize: Authorizer): Promise<void> {
  const { info, user, object } = attributes;
  const { allowed } = await authorize({ ...info, user, verb: 'escalate', version: '*', subresource: '' });
  if (allowed) return;
  if (object!['aggregationRule'] && missingRights(await rbac.rulesFor(user, ''), EVERYTHING).length)
    throw refuse(attributes, 'must have cluster-admin privileges to use the aggregationRule');
  await confirmHeld(attributes, rbac, object!['rules'] ?? []);
}

/** An aggregation rule takes in whatever roles will carry its labels. */
const EVERYTHING: PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

async function checkBinding(attributes: AdmissionAttributes, rbac: Rbac, authorize: Authorizer): Promise<void> {
  const { info, user, object } = attributes;
  const { kind, name }: RoleRef = object!['roleRef'];
  const namespace = object!.metadata?.namespace ?? '';
  const role = { resource: kind === 'Role' ? 'roles' : 'clusterroles', name, namespace };
  const { allowed } = await authorize({ ...info, ...role, user, verb: 'bind', version: '*', subresource: '' });
  if (allowed) return;
  const rules = await rbac.roleRules(kind, name, namespace);
  if (!rules) throw notFound({ group: GROUP, resource: kind.toLowerCase() }, name);
  await confirmHeld(attributes, rbac, rules);
}

async function confirmHeld(attributes: AdmissionAttributes, rbac: Rbac, wanted: readonly PolicyRule[]): Promise<void> {
  const { info, user } = attributes;
  const held = await rbac.rulesFor(user, info.namespace);
  const missing = missingRights(held, wanted);
  if (missing.length === 0) return;
  const who = `user ${JSON.stringify(user.username)} (groups=${quoteList(user.groups)})`;
  const what = 'is attempting to grant RBAC permissions not currently held:';
  const unresolved = held.errors.length ? `; resolution errors: [${held.errors.join(' ')}]` : '';
  throw refuse(attributes, `${who} ${what}\n${missing.join('\n')}${unresolved}`);
}

function missingRights({ rules }: { rules: PolicyRule[] }, wanted: readonly PolicyRule[]): string[] {
  return [...new Set(compactRules(uncovered(rules, wanted)).map(describeRule))].sort();
}

function refuse({ info, object }: AdmissionAttributes, why: string) {
  return forbidden({ group: GROUP, resource: info.resource }, object!.metadata?.name ?? '', why);
}

/** Owner references and finalizers are the garbage collector's to change. */
function touchesGarbageCollectionOnly({ object, oldObject }: AdmissionAttributes): boolean {
  return oldObject !== undefined && content(object!) === content(oldObject);
}

function content(object: any): string {
  const { labels, annotations } = object.metadata ?? {};
  return JSON.stringify([object.rules, object.aggregationRule, object.roleRef, object.subjects, labels, annotations]);
}
