import type { Binding, Node, ObjectMeta, Pod } from '../../../lib/api/types.ts';
import type { AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { isFor, writesPod } from './request.ts';

const LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A bound pod carries its node's zone and region (KEP-4742). Source: plugin/pkg/admission/podtopologylabels */
export function podTopologyLabels(reader: Reader): AdmissionPlugin {
  async function copyLabels(name: string | undefined, metadata: ObjectMeta): Promise<void> {
    const node = name ? await reader.get<Node>('nodes', name) : undefined;
    const found = LABELS.flatMap((key) => {
      const value = node?.metadata.labels?.[key];
      return value === undefined ? [] : [[key, value] as const];
    });
    if (found.length) metadata.labels = { ...metadata.labels, ...Object.fromEntries(found) };
  }

  return {
    name: 'PodTopologyLabels',
    async mutate(attributes) {
      if (writesPod(attributes)) {
        const { spec, metadata } = attributes.object as Pod;
        await copyLabels(spec?.nodeName, metadata!);
      } else if (isFor(attributes, '', 'pods', 'binding')) {
        const { target, metadata } = attributes.object as Binding;
        if (target.kind === 'Node') await copyLabels(target.name, metadata!);
      }
    },
  };
}
