import type { Call } from './call.ts';

/** What users of a version that is on its way out are told. Source: APILifecycleDeprecated of k8s.io/api. */
const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ['/v1/endpoints', 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'],
  ['/v1/componentstatuses', 'v1 ComponentStatus is deprecated in v1.19+'],
]);

export function warnDeprecated({ type, warnings }: Call): void {
  const text = type.custom ? type.custom.deprecation : DEPRECATED.get(`${type.group}/${type.version}/${type.resource}`);
  if (text !== undefined) warnings.push(text);
}
