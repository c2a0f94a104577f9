import { dns1123Label } from '../../../../lib/api/names.ts';
import type { JobSpec, ObjectMeta, PodTemplateSpec } from '../../../../lib/api/types.ts';
import { templateWarnings } from './pod.ts';

interface HasGeneration {
  metadata?: ObjectMeta | undefined;
}

interface Workload {
  metadata?: ObjectMeta | undefined;
  spec?: { template?: PodTemplateSpec | undefined } | undefined;
}

/** On create always; on an update only when it changed what is asked for. */
export function workloadWarnings(object: Workload, old?: Workload): string[] {
  return isSame(object, old) ? [] : templateWarnings(object.spec?.template, 'spec.template');
}

/** The same, for kinds whose names end up in their pods' names. */
export function namedWorkloadWarnings(object: Workload, old?: Workload): string[] {
  return [...(old ? [] : nameWarnings(object.metadata, NAMES)), ...workloadWarnings(object, old)];
}

export const isSame = (object: HasGeneration, old: HasGeneration | undefined): boolean =>
  old !== undefined && object.metadata?.generation === old.metadata?.generation;

const NAMES = 'Pod names and hostnames';

/** `use` is what the name is used in. */
export function nameWarnings(metadata: ObjectMeta | undefined, use = NAMES): string[] {
  const faults = dns1123Label(metadata?.name ?? '');
  if (faults.length === 0) return [];
  const why = `this is used in ${use}, which can result in surprising behavior; a DNS label is recommended`;
  return [`metadata.name: ${why}: [${faults.join(' ')}]`];
}

const COMPLETIONS_SOFT_LIMIT = 100_000;
const PARALLELISM_SOFT_LIMIT = 10_000;

/** Source: WarningsForJobSpec in k8s.io/kubernetes/pkg/api/job. */
export function jobSpecWarnings(spec: JobSpec | undefined, path: string): string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = spec ?? ({} as JobSpec);
  const warnings: string[] = [];
  if (completionMode === 'Indexed' && completions > COMPLETIONS_SOFT_LIMIT && parallelism > PARALLELISM_SOFT_LIMIT) {
    warnings.push(
      `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
    );
  }
  return [...warnings, ...templateWarnings(template, `${path}.template`)];
}
