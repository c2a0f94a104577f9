import { createHash } from 'node:crypto';
import type { ResourceType } from '../registry/resource-table.ts';
import type { Group } from './groups.ts';

/** Discovery a document a group and version, as clients older than aggregated discovery read it. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

export function apiGroupList(groups: readonly Group[]): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.filter((group) => group.name !== '').map(groupFields),
  };
}

export function apiGroup(group: Group): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupFields(group) };
}

function groupFields({ name, versions }: Group): object {
  const list = versions.map(({ groupVersion, version }) => ({ groupVersion, version }));
  return { name, versions: list, preferredVersion: list[0] };
}

export function apiResourceList(groupVersion: string, types: readonly ResourceType[]): object {
  const apiVersion = groupVersion === 'v1' ? {} : { apiVersion: 'v1' };
  return { kind: 'APIResourceList', ...apiVersion, groupVersion, resources: types.flatMap(resources) };
}

function resources(type: ResourceType): object[] {
  return [
    {
      name: type.resource,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: type.verbs,
      ...(type.shortNames.length ? { shortNames: type.shortNames } : {}),
      ...(type.categories.length ? { categories: type.categories } : {}),
      ...(type.verbs.includes('list') ? { storageVersionHash: storageVersionHash(type) } : {}),
    },
    ...[...type.subresources].map(([name, sub]) => ({
      name: `${type.resource}/${name}`,
      singularName: '',
      namespaced: type.namespaced,
      ...(sub.group === type.group && sub.version === type.version ? {} : { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: sub.verbs,
    })),
  ];
}

const HASH_BYTES = 8;

/** Source: k8s.io/apiserver/pkg/endpoints/discovery/storageversionhash.go. */
function storageVersionHash(type: ResourceType): string {
  const stored = type.conversion?.stored.apiVersion ?? type.apiVersion;
  const groupVersion = stored.includes('/') ? stored : `/${stored}`;
  const digest = createHash('sha256').update(`${groupVersion}/${type.kind}`).digest();
  return digest.subarray(0, HASH_BYTES).toString('base64');
}
