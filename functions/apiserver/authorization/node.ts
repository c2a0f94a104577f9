import type { ReferenceType } from '../../../lib/api/pod-references.ts';
import type { PolicyRule } from '../../../lib/api/types.ts';
import { nodeOf } from '../authentication/identity.ts';
import type { AuthorizationAttributes, Authorizer, Decision } from '../contract.ts';
import type { NodeRelations } from './node-relations.ts';
import { ruleAllows } from './policy-rule.ts';

type Answer = Decision | Promise<Decision>;
type Judge = (node: string, request: AuthorizationAttributes, relations: NodeRelations) => Answer;

const ALLOWED: Decision = { allowed: true };
const refuse = (reason = ''): Decision => (reason ? { allowed: false, reason } : { allowed: false });

/**
 * A node may do what its pods need, and no more. Source: k8s.io/kubernetes/plugin/pkg/auth/authorizer/node.
 * `rules`: the ClusterRole system:node, for all that is not judged object by object.
 */
export function nodeAuthorizer(relations: NodeRelations, rules: readonly PolicyRule[]): Authorizer {
  return (request) => {
    const node = nodeOf(request.user);
    if (node === undefined) return refuse();
    if (!node) return refuse(`unknown node for user ${JSON.stringify(request.user.username)}`);
    const judge = request.isResource ? judges[`${request.resource}.${request.group}`] : undefined;
    if (judge) return judge(node, request, relations);
    return rules.some((rule) => ruleAllows(rule, request)) ? ALLOWED : refuse();
  };
}

const judges: Readonly<Record<string, Judge>> = {
  'secrets.': readReferenced('secrets'),
  'configmaps.': readReferenced('configmaps'),
  'persistentvolumeclaims.': judgeClaim,
  'persistentvolumes.': getOnly((node, { name }, relations) => relations.volume(node, name)),
  'resourceclaims.resource.k8s.io': getOnly(referenced('resourceclaims')),
  'volumeattachments.storage.k8s.io': getOnly((node, { name }, relations) =>
    relations.namesNode(node, 'volumeattachments.storage.k8s.io', name),
  ),
  'serviceaccounts.': judgeServiceAccount,
  'leases.coordination.k8s.io': judgeLease,
  'csinodes.storage.k8s.io': judgeCsiNode,
  'resourceslices.resource.k8s.io': judgeResourceSlice,
  'nodes.': judgeNode,
  'pods.': judgePod,
  'podcertificaterequests.certificates.k8s.io': judgePodCertificateRequest,
};

type Related = (node: string, request: AuthorizationAttributes, relations: NodeRelations) => Promise<boolean>;

function referenced(type: ReferenceType): Related {
  return (node, { namespace, name }, relations) => relations.references(node, type, namespace, name);
}

async function whenRelated(related: Related, ...[node, request, relations]: Parameters<Judge>): Promise<Decision> {
  if (!request.name) return refuse('No Object name found');
  if (await related(node, request, relations)) return ALLOWED;
  return refuse(`no relationship found between node '${node}' and this object`);
}

function readReferenced(type: ReferenceType): Judge {
  return (node, request, relations) => {
    if (!['get', 'list', 'watch'].includes(request.verb)) return refuse('can only read resources of this type');
    if (request.subresource) return refuse('cannot read subresource');
    if (!request.namespace) return refuse('can only read namespaced object of this type');
    return whenRelated(referenced(type), node, request, relations);
  };
}

function getOnly(related: Related): Judge {
  return (node, request, relations) => {
    if (request.verb !== 'get') return refuse('can only get individual resources of this type');
    if (request.subresource) return refuse('cannot get subresource');
    return whenRelated(related, node, request, relations);
  };
}

function judgeClaim(...[node, request, relations]: Parameters<Judge>): Answer {
  const related = referenced('persistentvolumeclaims');
  if (request.subresource !== 'status') return getOnly(related)(node, request, relations);
  if (!isChange(request.verb)) return refuse('can only get/update/patch this type');
  return whenRelated(related, node, request, relations);
}

function judgeServiceAccount(...[node, request, relations]: Parameters<Judge>): Answer {
  if (request.verb === 'get' && !request.subresource)
    return readReferenced('serviceaccounts')(node, request, relations);
  if (request.verb !== 'create' || !request.name)
    return refuse('can only create tokens for individual service accounts');
  if (request.subresource !== 'token') return refuse('can only create token subresource of serviceaccount');
  return whenRelated(referenced('serviceaccounts'), node, request, relations);
}

const OWN_VERBS = ['get', 'create', 'update', 'patch', 'delete'];

function judgeLease(node: string, request: AuthorizationAttributes): Decision {
  if (!OWN_VERBS.includes(request.verb)) return refuse('can only get, create, update, patch, or delete a node lease');
  if (request.namespace !== 'kube-node-lease')
    return refuse('can only access leases in the "kube-node-lease" system namespace');
  // Nobody knows the name of what is created: NodeRestriction checks it.
  if (request.verb === 'create' || request.name === node) return ALLOWED;
  return refuse('can only access node lease with the same name as the requesting node');
}

function judgeCsiNode(node: string, request: AuthorizationAttributes): Decision {
  if (request.subresource) return refuse('cannot authorize CSINode subresources');
  if (!OWN_VERBS.includes(request.verb)) return refuse('can only get, create, update, patch, or delete a CSINode');
  if (request.verb === 'create' || request.name === node) return ALLOWED;
  return refuse('can only access CSINode with the same name as the requesting node');
}

function judgeResourceSlice(...[node, request, relations]: Parameters<Judge>): Answer {
  if (request.subresource) return refuse('cannot authorize ResourceSlice subresources');
  if (request.verb === 'create') return ALLOWED;
  if (request.verb === 'get' || isChange(request.verb) || request.verb === 'delete') {
    const own: Related = (name, { name: slice }) => relations.namesNode(name, 'resourceslices.resource.k8s.io', slice);
    return whenRelated(own, node, request, relations);
  }
  if (selects(request, 'spec.nodeName', node)) return ALLOWED;
  return refuse('can only list/watch/deletecollection resourceslices with nodeName field selector');
}

function judgeNode(node: string, request: AuthorizationAttributes): Decision {
  const { verb, name, subresource } = request;
  if (subresource === 'status') return isChange(verb) ? ALLOWED : refuse();
  if (subresource) return refuse();
  if (verb === 'create' || isChange(verb)) return ALLOWED;
  if (!isRead(verb)) return refuse();
  if (name === node) return ALLOWED;
  if (!name) return refuse(`node '${node}' cannot read all nodes, only its own Node object`);
  return refuse(`node '${node}' cannot read '${name}', only its own Node object`);
}

function judgePod(...[node, request, relations]: Parameters<Judge>): Answer {
  const { verb, subresource } = request;
  if (subresource === 'status') return isChange(verb) ? ALLOWED : refuse();
  if (subresource === 'eviction') return verb === 'create' ? ALLOWED : refuse();
  if (subresource) return refuse();
  const own: Related = (name, pod) => relations.podOn(name, pod.namespace, pod.name);
  if (verb === 'get') return getOnly(own)(node, request, relations);
  if (verb === 'create' || verb === 'delete') return ALLOWED;
  if (verb !== 'list' && verb !== 'watch') return refuse();
  if (selects(request, 'spec.nodeName', node)) return ALLOWED;
  if (request.name) return whenRelated(own, node, request, relations);
  return refuse('can only list/watch pods with spec.nodeName field selector');
}

function judgePodCertificateRequest(...[node, request, relations]: Parameters<Judge>): Answer {
  const { verb, subresource } = request;
  if (subresource) return refuse('nodes may not access the status subresource of PodCertificateRequests');
  if (verb === 'create') return ALLOWED;
  if (verb === 'get') {
    const type = 'podcertificaterequests.certificates.k8s.io';
    const own: Related = (name, { name: asked, namespace }) => relations.namesNode(name, type, asked, namespace);
    return whenRelated(own, node, request, relations);
  }
  if (verb !== 'list' && verb !== 'watch') return refuse(`nodes may not ${verb} podcertificaterequests`);
  if (selects(request, 'spec.nodeName', node)) return ALLOWED;
  return refuse('can only list/watch podcertificaterequests with nodeName field selector');
}

const isChange = (verb: string) => verb === 'update' || verb === 'patch';
const isRead = (verb: string) => verb === 'get' || verb === 'list' || verb === 'watch';

function selects({ fieldSelector }: AuthorizationAttributes, field: string, value: string): boolean {
  const terms = (fieldSelector ?? '').split(',').map((term) => term.trim());
  return terms.some((term) => term === `${field}=${value}` || term === `${field}==${value}`);
}
