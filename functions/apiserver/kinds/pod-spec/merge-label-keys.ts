import type { LabelSelector, PodAffinity, PodAffinityTerm, PodSpec } from '../../../../lib/api/types.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * matchLabelKeys and mismatchLabelKeys become expressions of the selector they stand beside, with the pod's own values.
 * Source: mutatePodAffinity and mutateTopologySpreadConstraints in k8s.io/kubernetes/pkg/registry/core/pod.
 */
export function mergeLabelKeys(spec: PodSpec, labels: Labels): void {
  for (const { matchLabelKeys, labelSelector } of spec.topologySpreadConstraints ?? []) {
    if (labelSelector) addExpressions(labelSelector, matchLabelKeys, 'In', labels);
  }
  for (const term of [...terms(spec.affinity?.podAffinity), ...terms(spec.affinity?.podAntiAffinity)]) {
    if (!term.labelSelector) continue;
    addExpressions(term.labelSelector, term.matchLabelKeys, 'In', labels);
    addExpressions(term.labelSelector, term.mismatchLabelKeys, 'NotIn', labels);
  }
}

function terms(affinity: PodAffinity | undefined): PodAffinityTerm[] {
  return [
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) => weighted.podAffinityTerm),
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ];
}

function addExpressions(
  selector: LabelSelector,
  keys: string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Labels,
): void {
  for (const key of keys ?? []) {
    if (labels[key] === undefined) continue;
    selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [labels[key]] }];
  }
}
