import type { Stored } from '../../../lib/api/object.ts';
import type { AutoscalingHorizontalPodAutoscaler, Scale } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { type ResourceType, resourceType } from '../../../lib/client/resource-type.ts';

/** What an autoscaler scales: any resource with a scale subresource. */
export interface Target {
  type: ResourceType<Scale>;
  scale: Stored<Scale>;
}

/** Throws StatusError, or an Error where no such kind is served. */
export async function readTarget(
  client: Client,
  autoscaler: Stored<AutoscalingHorizontalPodAutoscaler>,
): Promise<Target> {
  const { apiVersion = '', kind, name } = autoscaler.spec.scaleTargetRef;
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const { resources } = await client.getPath(root);
  const row = resources.find((one: any) => one.kind === kind && !one.name.includes('/'));
  if (!row) throw new Error(`no matches for kind "${kind}" in group "${group}"`);
  const type = resourceType<Scale>(group, version, row.name, kind);
  const scale = await client.getPath(`${root}/namespaces/${autoscaler.metadata.namespace}/${row.name}/${name}/scale`);
  return { type, scale };
}

export async function writeScale(client: Client, { type, scale }: Target, replicas: number): Promise<void> {
  await client.update(type, { ...scale, spec: { ...scale.spec, replicas } }, { subresource: 'scale' });
}
