import { StatusError } from '../status.ts';
import { type FieldSet, paths } from './field-set.ts';
import { type Managers, managerText } from './managers.ts';
import { pathText } from './path-element.ts';

/** 409 as k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go words it. */
export function applyConflict(conflicts: ReadonlyMap<string, FieldSet>, managers: Managers): StatusError {
  const found = [...conflicts]
    .map(([key, set]) => ({ owner: managerText(managers.get(key)!), fields: paths(set).map(pathText) }))
    .sort((a, b) => (a.owner < b.owner ? -1 : 1));
  const causes = found.flatMap(({ owner, fields }) =>
    fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  );
  return new StatusError(409, 'Conflict', messageOf(found, causes.length), { causes });
}

function messageOf(found: { owner: string; fields: string[] }[], count: number): string {
  if (count === 1) return `Apply failed with 1 conflict: conflict with ${found[0]!.owner}: ${found[0]!.fields[0]}`;
  const lines = found.flatMap(({ owner, fields }) => [
    `conflicts with ${owner}:`,
    ...fields.map((field) => `- ${field}`),
  ]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
}
