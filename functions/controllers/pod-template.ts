import type { Pod, PodTemplateSpec } from '../../lib/api/types.ts';
import { type Owner, ownerReference } from './claim.ts';
import { baseName } from './replica-names.ts';

/** A pod as its owner's template says. */
export function podFromTemplate(template: PodTemplateSpec, owner: Omit<Owner, 'selector'>, name: string): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: baseName(owner.object.metadata.name),
      namespace: owner.object.metadata.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [ownerReference(owner)],
    },
    spec: template.spec,
  };
}
