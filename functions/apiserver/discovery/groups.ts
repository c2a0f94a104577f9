import type { ResourceTable, ResourceType } from '../registry/resource-table.ts';

/** One group as discovery tells of it; the first version is the preferred one. */
export interface Group {
  name: string;
  versions: { version: string; groupVersion: string; resources: ResourceType[] }[];
}

/** In the order of the table. The core group's name is empty. */
export function groupsOf(table: ResourceTable): Group[] {
  const groups = new Map<string, Group>();
  for (const type of table.all()) {
    let group = groups.get(type.group);
    if (!group) {
      group = { name: type.group, versions: [] };
      groups.set(type.group, group);
    }
    let version = group.versions.find((candidate) => candidate.version === type.version);
    if (!version) {
      version = { version: type.version, groupVersion: type.apiVersion, resources: [] };
      group.versions.push(version);
    }
    version.resources.push(type);
  }
  return [...groups.values()];
}
