import { ageOf, name, type Row, type Rows } from './row.ts';

const bindingRow: Row = (o) => [
  name(o),
  `${o.roleRef?.kind}/${o.roleRef?.name}`,
  ageOf(o),
  subjects(o, 'User', (s) => s.name),
  subjects(o, 'Group', (s) => s.name),
  subjects(o, 'ServiceAccount', (s) => `${s.namespace ?? ''}/${s.name}`),
];

export const rbacRows: Rows = {
  'rbac.authorization.k8s.io/rolebindings': bindingRow,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingRow,
};

function subjects(binding: any, kind: string, text: (subject: any) => string): string {
  return (binding.subjects ?? [])
    .filter((s: any) => s.kind === kind)
    .map(text)
    .join(', ');
}
