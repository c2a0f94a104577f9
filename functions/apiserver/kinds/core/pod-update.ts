import { forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import { inRange } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec } from '../../../../lib/api/types.ts';
import { semanticEqual } from '../equal.ts';
import { checkPodAnnotationsUpdate } from '../pod-spec/annotations.ts';
import { checkOnlyAddedTolerations, checkOnlyDeletedGates } from '../pod-spec/scheduling.ts';
import { checkPod } from './pod-check.ts';

const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** Source: ValidatePodUpdate in k8s.io/kubernetes/pkg/apis/core/validation. */
export function validatePodUpdate(pod: Pod, old: Pod): Cause[] {
  const causes: Cause[] = [];
  checkPod(causes, pod);
  checkPodAnnotationsUpdate(causes, pod.metadata?.annotations, old.metadata?.annotations, 'metadata.annotations');
  if (pod.spec && old.spec && !semanticEqual(pod.spec, old.spec)) checkSpecUpdate(causes, pod.spec, old.spec);
  return causes;
}

function checkSpecUpdate(causes: Cause[], spec: PodSpec, old: PodSpec): void {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list]?.length ?? 0) === (old[list]?.length ?? 0)) continue;
    return void causes.push(forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers'));
  }
  if (!checkDeadlineUpdate(causes, spec.activeDeadlineSeconds, old.activeDeadlineSeconds)) return;
  checkOnlyAddedTolerations(causes, spec.tolerations ?? [], old.tolerations ?? [], 'spec.tolerations');
  checkOnlyDeletedGates(causes, spec.schedulingGates, old.schedulingGates, 'spec.schedulingGates');
  const rest = withoutUpdatable(spec, old);
  if (old.schedulingGates?.length) checkGated(causes, rest, old);
  if (!semanticEqual(rest, old)) {
    causes.push(forbiddenField('spec', `pod updates may not change fields other than ${UPDATABLE}\n`));
  }
}

const INT32_MAX = 2_147_483_647;

/** False when nothing else is looked at. */
function checkDeadlineUpdate(causes: Cause[], seconds: number | undefined, old: number | undefined): boolean {
  const field = 'spec.activeDeadlineSeconds';
  if (seconds === undefined) {
    if (old !== undefined)
      causes.push(invalidValue(field, null, 'must not update from a positive integer to nil value'));
    return true;
  }
  const before = causes.length;
  for (const fault of inRange(seconds, 0, INT32_MAX)) causes.push(invalidValue(field, seconds, fault));
  if (old !== undefined && old < seconds) {
    causes.push(invalidValue(field, seconds, 'must be less than or equal to previous value'));
  }
  return causes.length === before;
}

/** The new spec with every updatable field as it was. */
function withoutUpdatable(spec: PodSpec, old: PodSpec): PodSpec {
  const grace = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1;
  return {
    ...spec,
    containers: withImages(spec.containers, old.containers)!,
    initContainers: withImages(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
    terminationGracePeriodSeconds: grace ? old.terminationGracePeriodSeconds : spec.terminationGracePeriodSeconds,
  };
}

function withImages(containers: Container[] | undefined, old: Container[] | undefined): Container[] | undefined {
  return containers?.map((container, i) => ({ ...container, image: old?.[i]?.image }));
}

/** While a pod is held back by gates, where it may go can be narrowed (KEP-3838). */
function checkGated(causes: Cause[], spec: PodSpec, old: PodSpec): void {
  checkNodeSelectorNarrows(causes, spec, old);
  const now = spec.affinity?.nodeAffinity;
  const before = old.affinity?.nodeAffinity;
  if (!semanticEqual(now, before)) checkNodeAffinityNarrows(causes, now, before);
  spec.nodeSelector = old.nodeSelector;
  const affinity = { ...spec.affinity, nodeAffinity: before };
  spec.affinity = Object.values(affinity).some(Boolean) ? affinity : undefined;
}

function checkNodeSelectorNarrows(causes: Cause[], { nodeSelector: now = {} }: PodSpec, old: PodSpec): void {
  for (const key in old.nodeSelector) {
    if (now[key] === old.nodeSelector[key]) continue;
    const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    causes.push(invalidValue('spec.nodeSelector', now, why));
    return;
  }
}

const TERMS = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution';

/** Source: validateNodeAffinityMutation. */
function checkNodeAffinityNarrows(
  causes: Cause[],
  now: NodeAffinity | undefined,
  before: NodeAffinity | undefined,
): void {
  const old = before?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!old) return;
  const terms = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (old.length > 0 && terms.length !== old.length) {
    return void causes.push(
      invalidValue(
        `${TERMS}.nodeSelectorTerms`,
        terms,
        'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
      ),
    );
  }
  old.forEach((term, i) => {
    if (onlyAdds(terms[i] ?? {}, term)) return;
    const why = 'only additions are allowed (no mutations or deletions)';
    causes.push(invalidValue(`${TERMS}[${i}]`, terms[i], why));
  });
}

function onlyAdds(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const empty = !old.matchExpressions?.length && !old.matchFields?.length;
  if (empty && (now.matchExpressions?.length || now.matchFields?.length)) return false;
  return (['matchExpressions', 'matchFields'] as const).every((list) =>
    (old[list] ?? []).every((requirement, i) => semanticEqual(requirement, now[list]?.[i])),
  );
}
