import discovery from './data/discovery.json' with { type: 'json' };

/** One row of the resource table: what routes, discovery, validation and storage are driven by. A CRD makes the same row at run time. */
export interface ResourceInfo {
  readonly group: string;
  readonly version: string;
  /** Plural: `deployments`. */
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: ReadonlyMap<string, SubresourceInfo>;
}

export interface SubresourceInfo {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** Every built-in resource of Kubernetes 1.37, in discovery order. */
export const builtinResources: readonly ResourceInfo[] = [...discovery.api.items, ...discovery.apis.items].flatMap(
  (item) =>
    item.versions.flatMap((version) =>
      version.resources.map((row) =>
        toInfo((item.metadata as { name?: string }).name ?? '', version.version, row as DiscoveryRow),
      ),
    ),
);

interface DiscoveryRow {
  resource: string;
  responseKind: GroupVersionKind;
  scope: string;
  singularResource: string;
  shortNames?: string[];
  categories?: string[];
  verbs: string[];
  subresources?: { subresource: string; responseKind: GroupVersionKind; verbs: string[] }[];
}

function toInfo(group: string, version: string, row: DiscoveryRow): ResourceInfo {
  return {
    group,
    version,
    resource: row.resource,
    kind: row.responseKind.kind,
    singular: row.singularResource,
    namespaced: row.scope === 'Namespaced',
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs,
    subresources: new Map(
      (row.subresources ?? []).map((sub) => [
        sub.subresource,
        {
          group: sub.responseKind.group || group,
          version: sub.responseKind.version || version,
          kind: sub.responseKind.kind,
          verbs: sub.verbs,
        },
      ]),
    ),
  };
}

/** `v1`, `apps/v1` */
export function apiVersion(type: { group: string; version: string }): string {
  return type.group ? `${type.group}/${type.version}` : type.version;
}

/** The TYPE of a storage key. One object may be served from several groups: events are stored once, under the core group. */
export function storageType(type: { group: string; resource: string }): string {
  if (type.resource === 'events') return 'events';
  return type.group ? `${type.resource}.${type.group}` : type.resource;
}
