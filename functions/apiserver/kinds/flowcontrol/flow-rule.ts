import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkRequired } from '../check.ts';

/** Sorted. */
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

/** Source: ValidateFlowSchemaPolicyRulesWithSubjects in k8s.io/kubernetes/pkg/apis/flowcontrol/validation. */
export function checkFlowRule(causes: Cause[], rule: PolicyRulesWithSubjects, path: string): void {
  const { subjects } = rule;
  const [resourceRules, nonResourceRules] = [rule.resourceRules ?? [], rule.nonResourceRules ?? []];
  checkRequired(causes, `${path}.subjects`, subjects, 'subjects must contain at least one value');
  subjects?.forEach((subject, i) => {
    checkSubject(causes, subject, `${path}.subjects[${i}]`);
  });
  if (resourceRules.length + nonResourceRules.length === 0) {
    causes.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  resourceRules.forEach((resources, i) => {
    checkResourceRule(causes, resources, `${path}.resourceRules[${i}]`);
  });
  nonResourceRules.forEach((paths, i) => {
    checkNonResourceRule(causes, paths, `${path}.nonResourceRules[${i}]`);
  });
}

const SUBJECTS = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const;
const KINDS = Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[];

function checkSubject(causes: Cause[], subject: Subject, path: string): void {
  const kind = KINDS.find((known) => known === subject.kind);
  if (!kind) return void causes.push(notSupported(`${path}.kind`, subject.kind ?? '', KINDS));
  for (const other of KINDS) {
    const field = SUBJECTS[other];
    if (other === kind || !subject[field]) continue;
    causes.push(forbiddenField(`${path}.${field}`, `${field} is forbidden when subject kind is not '${other}'`));
  }
  const field = SUBJECTS[kind];
  const named = subject[field];
  const at = `${path}.${field}`;
  if (!named) return void causes.push(required(at, `${field} is required when subject kind is '${kind}'`));
  checkRequired(causes, `${at}.name`, named.name);
  if (kind === 'ServiceAccount') checkAccount(causes, subject.serviceAccount!, at);
}

type Account = NonNullable<Subject['serviceAccount']>;

function checkAccount(causes: Cause[], { name, namespace }: Account, path: string): void {
  if (name && name !== '*') checkFormat(causes, `${path}.name`, name, dns1123Subdomain);
  if (namespace) checkFormat(causes, `${path}.namespace`, namespace, dns1123Label);
  else causes.push(required(`${path}.namespace`, 'must specify namespace for service account'));
}

function checkResourceRule(causes: Cause[], rule: ResourcePolicyRule, path: string): void {
  const { clusterScope } = rule;
  const [apiGroups, resources, namespaces] = [rule.apiGroups ?? [], rule.resources ?? [], rule.namespaces ?? []];
  checkVerbs(causes, rule.verbs ?? [], `${path}.verbs`);
  const supply = (what: string) => `resource rules must supply at least one ${what}`;
  if (checkRequired(causes, `${path}.apiGroups`, apiGroups, supply('api group'))) {
    checkAlone(causes, apiGroups, 'api groups', `${path}.apiGroups`);
  }
  if (checkRequired(causes, `${path}.resources`, resources, supply('resource'))) {
    checkAlone(causes, resources, 'resources', `${path}.resources`);
  }
  const field = `${path}.namespaces`;
  if (namespaces.length === 0 && !clusterScope) {
    causes.push(required(field, 'resource rules that are not cluster scoped must supply at least one namespace'));
  } else if (!checkAlone(causes, namespaces, 'namespaces', field)) {
    namespaces.forEach((namespace, i) => {
      for (const fault of dns1123Label(namespace)) {
        const why = `each member of this list must be '*' or a DNS-1123 label; ${fault}`;
        causes.push(invalidValue(`${field}[${i}]`, namespace, why));
      }
    });
  }
}

function checkNonResourceRule(causes: Cause[], rule: NonResourcePolicyRule, path: string): void {
  const paths = rule.nonResourceURLs ?? [];
  checkVerbs(causes, rule.verbs ?? [], `${path}.verbs`);
  const field = `${path}.nonResourceURLs`;
  if (!checkRequired(causes, field, paths, 'nonResourceURLs must contain at least one value')) return;
  if (checkAlone(causes, paths, 'non-resource URLs', field)) return;
  paths.forEach((given, i) => {
    const fault = pathFault(given);
    if (fault) causes.push(invalidValue(`${field}[${i}]`, given, fault));
  });
}

function checkVerbs(causes: Cause[], verbs: string[], field: string): void {
  if (!checkRequired(causes, field, verbs, 'verbs must contain at least one value')) return;
  if (checkAlone(causes, verbs, 'verbs', field)) return;
  if (verbs.some((verb) => !VERBS.includes(verb))) causes.push(notSupported(field, verbs, VERBS));
}

/** Whether there is a wildcard, which stands for all of them. */
function checkAlone(causes: Cause[], values: string[], what: string, field: string): boolean {
  if (!values.includes('*')) return false;
  if (values.length > 1) {
    causes.push(invalidValue(field, values, `if '*' is present, must not specify other ${what}`));
  }
  return true;
}

/** Source: ValidateNonResourceURLPath. */
function pathFault(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const star = path.indexOf('*');
  const isSuffix = star < 0 || (star === path.length - 1 && path.endsWith('/*'));
  return isSuffix ? undefined : 'wildcard can only do suffix matching';
}
