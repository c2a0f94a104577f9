import { forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import { isMirrorPod } from '../../../../lib/api/pod-references.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../../lib/api/types.ts';
import type { SubresourceRules } from '../../contract.ts';
import { semanticEqual } from '../equal.ts';
import { podQosClass } from '../pod-spec/qos.ts';
import { checkPod } from './pod-check.ts';

const LISTS = ['containers', 'initContainers'] as const;

/** PUT and PATCH of pods/NAME/resize: cpu and memory of what runs (KEP-1287). Source: ValidatePodResize. */
export const resizeRules: SubresourceRules = { prepareForUpdate, validateUpdate };

/** Everything but resources is taken from the old pod, unless the containers do not correspond: then validation says so. */
function prepareForUpdate(pod: Pod, old: Pod): void {
  const wanted = pod.spec!;
  const before = old.spec!;
  pod.status = old.status;
  if (LISTS.some((list) => (wanted[list]?.length ?? 0) !== (before[list]?.length ?? 0))) return;
  const kept = structuredClone(before);
  for (const list of LISTS) {
    const containers = merged(wanted[list], kept[list]);
    if (containers) Object.assign(kept, { [list]: containers });
  }
  pod.spec = { ...kept, resources: wanted.resources, volumes: wanted.volumes };
  pod.metadata = {
    ...old.metadata,
    resourceVersion: pod.metadata?.resourceVersion,
    managedFields: pod.metadata?.managedFields,
  };
}

function merged(wanted: Container[] | undefined, kept: Container[] | undefined): Container[] | undefined {
  if (!wanted || !kept || wanted.some(({ name }, i) => name !== kept[i]!.name)) return wanted;
  return kept.map((container, i) => ({
    ...container,
    resources: wanted[i]!.resources,
    resizePolicy: wanted[i]!.resizePolicy,
  }));
}

function validateUpdate(pod: Pod, old: Pod): Cause[] {
  if (isMirrorPod(old)) {
    return [forbiddenField('', 'static pods cannot be resized')];
  }
  const causes: Cause[] = [];
  checkPod(causes, pod);
  if (old.status?.qosClass && old.status.qosClass !== podQosClass(pod.spec!)) {
    causes.push(invalidValue('spec', old.status.qosClass, 'Pod QOS Class may not change as a result of resizing'));
  }
  if (!checkSameContainers(causes, pod.spec!, old.spec!)) return causes;
  for (const list of LISTS) {
    pod.spec![list]?.forEach((container, i) => {
      checkNothingRemoved(causes, container.resources, old.spec![list]![i]!.resources, `spec.${list}[${i}].resources`);
    });
  }
  if (causes.length === 0 && !semanticEqual(withoutCpuAndMemory(pod.spec!), withoutCpuAndMemory(old.spec!))) {
    causes.push(forbiddenField('spec', 'only cpu and memory resources are mutable'));
  }
  return causes;
}

function checkSameContainers(causes: Cause[], spec: PodSpec, old: PodSpec): boolean {
  const before = causes.length;
  for (const list of LISTS) {
    const [now = [], then = []] = [spec[list], old[list]];
    if (now.length !== then.length) {
      causes.push(forbiddenField(`spec.${list}`, `${list} may not be added or removed on resize`));
      continue;
    }
    now.forEach(({ name }, i) => {
      if (name === then[i]!.name) return;
      causes.push(forbiddenField(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`));
    });
  }
  return causes.length === before;
}

function checkNothingRemoved(
  causes: Cause[],
  now: ResourceRequirements = {},
  before: ResourceRequirements = {},
  path: string,
): void {
  for (const kind of ['requests', 'limits'] as const) {
    if (Object.keys(before[kind] ?? {}).every((name) => name in (now[kind] ?? {}))) continue;
    causes.push(forbiddenField(`${path}.${kind}`, `resource ${kind} cannot be removed`));
  }
}

function withoutCpuAndMemory(spec: PodSpec): PodSpec {
  const copy = structuredClone(spec);
  const holders = [copy, ...(copy.containers ?? []), ...(copy.initContainers ?? [])];
  for (const { resources } of holders) {
    for (const list of [resources?.requests, resources?.limits]) {
      delete list?.['cpu'];
      delete list?.['memory'];
    }
  }
  for (const container of [...(copy.containers ?? []), ...(copy.initContainers ?? [])]) delete container.resizePolicy;
  return copy;
}
