import type { Stored } from '../../../lib/api/object.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet, Volume } from '../../../lib/api/types.ts';
import { type Owner, ownerReference } from '../claim.ts';

export const POD_NAME = 'statefulset.kubernetes.io/pod-name';
export const POD_INDEX = 'apps.kubernetes.io/pod-index';
export const REVISION = 'controller-revision-hash';

export const firstOrdinal = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;
export const replicasOf = ({ spec }: StatefulSet): number => spec.replicas ?? 1;
export const isParallel = ({ spec }: StatefulSet): boolean => spec.podManagementPolicy === 'Parallel';

export const podName = (set: Stored<StatefulSet>, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

/** Undefined: the pod is not named as this set names its pods. */
export function ordinalOf(set: Stored<StatefulSet>, { metadata }: Stored<Pod>): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const rest = metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : undefined;
}

export const claimName = (set: Stored<StatefulSet>, template: PersistentVolumeClaim, ordinal: number): string =>
  `${template.metadata?.name}-${set.metadata.name}-${ordinal}`;

/** The claims of one pod, which outlive it. */
export function claimsFor(set: Stored<StatefulSet>, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata?.labels, ...set.spec.selector.matchLabels },
    },
  }));
}

/** A pod with its lasting name, host name and storage. Source: stateful_set_utils.go, newStatefulSetPod. */
export function podOf(
  set: Stored<StatefulSet>,
  owner: Omit<Owner, 'selector'>,
  template: PodTemplateSpec,
  revision: string,
  ordinal: number,
): Pod {
  const name = podName(set, ordinal);
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const identity = { [POD_NAME]: name, [POD_INDEX]: String(ordinal), [REVISION]: revision };
  const spec = template.spec ?? { containers: [] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      labels: { ...labels, ...identity },
      annotations,
      finalizers,
      ownerReferences: [ownerReference(owner)],
    },
    spec: { ...spec, hostname: name, subdomain: set.spec.serviceName, volumes: volumes(set, spec.volumes, ordinal) },
  };
}

/** A claim template takes the place of a volume of its name. */
function volumes(set: Stored<StatefulSet>, given: readonly Volume[] = [], ordinal: number): Volume[] {
  const claims = (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    name: template.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
  const names = new Set(claims.map(({ name }) => name));
  return [...claims, ...given.filter(({ name }) => !names.has(name))];
}
