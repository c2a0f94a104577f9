import { badRequest } from '../../../lib/api/status.ts';
import type { SelfSubjectRulesReview } from '../../../lib/api/types.ts';
import { nodeOf } from '../authentication/identity.ts';
import type { VirtualCreate } from '../dependencies.ts';
import type { Rbac } from './rbac.ts';

const EVERYTHING = {
  resource: { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  nonResource: { verbs: ['*'], nonResourceURLs: ['*'] },
};

/** What may I do in this namespace? Source: k8s.io/kubernetes/pkg/registry/authorization/selfsubjectrulesreview */
export function selfSubjectRulesReviews(rbac: Rbac): VirtualCreate {
  return async (object, { user }) => {
    const namespace = (object as SelfSubjectRulesReview).spec?.namespace;
    if (!namespace) throw badRequest('no namespace on request');
    const { rules, errors } = await rbac.rulesFor(user, namespace);
    const isMaster = user.groups.includes('system:masters');
    const isNode = nodeOf(user) !== undefined;
    // A node's rights hang on its pods: they cannot be listed.
    if (isNode) errors.unshift('node authorizer does not support user rule resolution');
    const resourceRules = rules.filter((rule) => rule.resources?.length).map(resourceRule);
    const nonResourceRules = rules.filter((rule) => rule.nonResourceURLs?.length).map(nonResourceRule);
    return {
      kind: object.kind,
      apiVersion: object.apiVersion,
      metadata: {},
      spec: {},
      status: {
        resourceRules: isMaster ? [EVERYTHING.resource, ...resourceRules] : resourceRules,
        nonResourceRules: isMaster ? [EVERYTHING.nonResource, ...nonResourceRules] : nonResourceRules,
        incomplete: isNode,
        ...(errors.length ? { evaluationError: errors.join(', ') } : {}),
      },
    };
  };
}

type Rule = { verbs: string[]; apiGroups?: string[]; resources?: string[]; resourceNames?: string[] };

function resourceRule({ verbs, apiGroups, resources, resourceNames }: any): Rule {
  return { verbs, apiGroups, resources, ...(resourceNames?.length ? { resourceNames } : {}) };
}

function nonResourceRule({ verbs, nonResourceURLs }: any) {
  return { verbs, nonResourceURLs };
}
