import type { Call } from './call.ts';

/** What users of a version that is on its way out are told. Source: APILifecycleDeprecated of k8s.io/api. */
const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ['/v1/endpoints', 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'],
  ['/v1/componentstatuses', 'v1 ComponentStatus is deprecated in v1.19+'],
]);

const ORPHANED_JOBS =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** Source: REST.Delete in k8s.io/kubernetes/pkg/registry/batch/job/storage. */
export function warnOrphans({ type, warnings }: Call, policy: string | undefined, orphan: boolean | undefined): void {
  if (type.group !== 'batch' || type.resource !== 'jobs') return;
  if (policy === undefined && orphan === undefined) warnings.push(ORPHANED_JOBS);
}

export function warnDeprecated({ type, warnings }: Call): void {
  const text = type.custom ? type.custom.deprecation : DEPRECATED.get(`${type.group}/${type.version}/${type.resource}`);
  if (text !== undefined) warnings.push(text);
}
