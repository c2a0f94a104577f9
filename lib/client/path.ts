import type { ListOptions } from './client.ts';
import type { ResourceType } from './resource-type.ts';

/** Where a resource is served: `/api/v1/namespaces/NS/pods/NAME/status`, `/apis/apps/v1/deployments`. */
export function resourcePath(type: ResourceType<any>, namespace?: string, name?: string, subresource?: string): string {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${type.resource}${object}${subresource ? `/${subresource}` : ''}`;
}

/** `?a=b&c=d` of what is there; undefined, empty and false are left out. */
export function query(parameters: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '' && value !== false) search.set(name, String(value));
  }
  const text = search.toString();
  return text && `?${text}`;
}

export function listParameters(options: ListOptions): Record<string, string | number | undefined> {
  return {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: options.continue,
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
  };
}
