import { notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain, pathSegment } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ClusterRoleBinding, RbacSubject, RoleBinding } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable, checkOneOf, checkRequired } from '../check.ts';

const GROUP = 'rbac.authorization.k8s.io';

type Binding = RoleBinding | ClusterRoleBinding;

/** Source: SetDefaults_RoleBinding and SetDefaults_Subject in k8s.io/kubernetes/pkg/apis/rbac/v1/defaults.go. */
function defaults({ roleRef, subjects }: Binding): void {
  if (roleRef) roleRef.apiGroup ||= GROUP;
  for (const subject of subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= GROUP;
  }
}

/** Source: ValidateRoleBinding in k8s.io/kubernetes/pkg/apis/rbac/validation. */
function validateBinding({ roleRef, subjects }: Binding, kinds: readonly string[], namespaced: boolean): Cause[] {
  const causes: Cause[] = [];
  const { apiGroup, kind, name } = roleRef ?? { apiGroup: '', kind: '', name: '' };
  checkOneOf(causes, 'roleRef.apiGroup', apiGroup, [GROUP]);
  checkOneOf(causes, 'roleRef.kind', kind, kinds);
  if (checkRequired(causes, 'roleRef.name', name)) checkFormat(causes, 'roleRef.name', name, pathSegment);
  subjects?.forEach((subject, i) => {
    checkSubject(causes, subject, namespaced, `subjects[${i}]`);
  });
  return causes;
}

const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group'];

function checkSubject(causes: Cause[], subject: RbacSubject, namespaced: boolean, path: string): void {
  const { kind, name, apiGroup = '', namespace } = subject;
  if (!name) causes.push(required(`${path}.name`));
  if (kind === 'ServiceAccount') {
    if (name) checkFormat(causes, `${path}.name`, name, dns1123Subdomain);
    if (apiGroup) causes.push(notSupported(`${path}.apiGroup`, apiGroup, ['']));
    if (!namespaced && !namespace) causes.push(required(`${path}.namespace`));
  } else if (kind === 'User' || kind === 'Group') checkOneOf(causes, `${path}.apiGroup`, apiGroup, [GROUP]);
  else causes.push(notSupported(`${path}.kind`, kind ?? '', SUBJECT_KINDS));
}

function bindingRules(kinds: readonly string[], namespaced: boolean): KindRules {
  const validate = (binding: Binding) => validateBinding(binding, kinds, namespaced);
  return {
    defaults,
    validate,
    validateUpdate(binding: Binding, old: Binding) {
      const causes = validate(binding);
      checkImmutable(causes, 'roleRef', binding.roleRef, old.roleRef);
      return causes;
    },
    createOnUpdate: true,
    nameFormat: 'pathSegment',
  };
}

export const roleBinding = bindingRules(['Role', 'ClusterRole'], true);
export const clusterRoleBinding = bindingRules(['ClusterRole'], false);
