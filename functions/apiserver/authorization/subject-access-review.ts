import type { KubeObject } from '../../../lib/api/object.ts';
import { type Cause, invalid } from '../../../lib/api/status.ts';
import type {
  FieldSelectorAttributes,
  NonResourceAttributes,
  ResourceAttributes,
  SubjectAccessReviewSpec,
} from '../../../lib/api/types.ts';
import type { AuthorizationAttributes, Authorizer, UserInfo } from '../contract.ts';
import type { VirtualCreate } from '../dependencies.ts';

/** May this user do that? Source: k8s.io/kubernetes/pkg/registry/authorization/subjectaccessreview */
export function subjectAccessReviews(authorize: Authorizer): VirtualCreate {
  return async (object) => {
    const spec = specOf(object);
    check([...validateSpec(spec), ...validateUser(spec)]);
    return review(authorize, object, userOf(spec));
  };
}

/** The same in one namespace, which who may create it there may ask. */
export function localSubjectAccessReviews(authorize: Authorizer): VirtualCreate {
  return async (object, { info: { namespace } }) => {
    const spec = specOf(object);
    check([...validateSpec(spec), ...validateUser(spec), ...validateLocal(spec, namespace)]);
    return review(authorize, object, userOf(spec));
  };
}

/** May I do that? */
export function selfSubjectAccessReviews(authorize: Authorizer): VirtualCreate {
  return async (object, { user }) => {
    check(validateSpec(specOf(object)));
    return review(authorize, object, user);
  };
}

function specOf(object: KubeObject): SubjectAccessReviewSpec {
  return object['spec'] ?? {};
}

function userOf({ user, groups, uid, extra }: SubjectAccessReviewSpec): UserInfo {
  return { username: user ?? '', groups: groups ?? [], ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

async function review(authorize: Authorizer, object: KubeObject, user: UserInfo): Promise<KubeObject> {
  const { resourceAttributes, nonResourceAttributes } = specOf(object);
  const { allowed, reason } = await authorize(
    resourceAttributes ? ofResource(user, resourceAttributes) : ofPath(user, nonResourceAttributes!),
  );
  return { ...object, status: reason ? { allowed, reason } : { allowed } };
}

function ofResource(user: UserInfo, given: ResourceAttributes): AuthorizationAttributes {
  return {
    user,
    isResource: true,
    verb: given.verb ?? '',
    group: given.group ?? '',
    version: given.version || '*',
    resource: given.resource ?? '',
    subresource: given.subresource ?? '',
    namespace: given.namespace ?? '',
    name: given.name ?? '',
    path: '',
    fieldSelector: fieldSelectorOf(given.fieldSelector),
  };
}

function fieldSelectorOf(selector: FieldSelectorAttributes | undefined): string | undefined {
  if (!selector) return undefined;
  if (selector.rawSelector) return selector.rawSelector;
  const equals = (selector.requirements ?? []).filter(
    ({ operator, values }) => operator === 'In' && values?.length === 1,
  );
  return equals.map(({ key, values }) => `${key}=${values![0]}`).join(',');
}

function ofPath(user: UserInfo, { path, verb }: NonResourceAttributes): AuthorizationAttributes {
  const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  return { user, isResource: false, verb: verb ?? '', path: path ?? '', ...none };
}

function validateSpec(spec: SubjectAccessReviewSpec): Cause[] {
  if (!spec.resourceAttributes !== !spec.nonResourceAttributes) return [];
  const value = JSON.stringify(spec.nonResourceAttributes ?? null);
  return [cause('spec', value, 'exactly one of nonResourceAttributes or resourceAttributes must be specified')];
}

function validateUser(spec: SubjectAccessReviewSpec): Cause[] {
  if (spec.user || spec.groups?.length) return [];
  return [cause('spec.user', '""', 'at least one of user or group must be specified')];
}

function validateLocal(spec: SubjectAccessReviewSpec, namespace: string): Cause[] {
  const own = spec.resourceAttributes?.namespace ?? '';
  if (spec.nonResourceAttributes) {
    const value = JSON.stringify(spec.nonResourceAttributes);
    return [cause('spec.nonResourceAttributes', value, 'disallowed on this kind of request')];
  }
  if (own === namespace) return [];
  return [cause('spec.resourceAttributes.namespace', JSON.stringify(own), 'must match metadata.namespace')];
}

function cause(field: string, value: string, why: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${why}`, field };
}

/** kube-apiserver leaves the kind of these refusals empty. */
function check(causes: Cause[]): void {
  if (causes.length) throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', causes);
}
