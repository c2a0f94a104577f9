import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { EnvVar, Job, Pod } from '../../../lib/api/types.ts';
import type { Owner } from '../claim.ts';
import { podFromTemplate } from '../pod-template.ts';

/** Keeps a pod until it is counted. KEP-2307. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';
export const INDEX = 'batch.kubernetes.io/job-completion-index';
export const FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count';
const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX';

export const isIndexed = ({ spec }: Job): boolean => spec?.completionMode === 'Indexed';
export const isTracked = ({ metadata }: Stored<Pod>): boolean => metadata.finalizers?.includes(TRACKING) === true;

export function indexOf({ metadata }: Stored<Pod>): number | undefined {
  const text = metadata.annotations?.[INDEX];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A pod on its way out has failed, unless only ended ones are replaced. KEP-3939. */
export function hasFailed({ spec }: Job, { metadata, status }: Stored<Pod>): boolean {
  if (status?.phase === 'Failed') return true;
  const onlyEnded = spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;
  return !onlyEnded && metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded';
}

/** When it ended: its last container's end, or what comes nearest. */
export function endedAtMs({ metadata, status }: Stored<Pod>): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => timeMs(state?.terminated?.finishedAt));
  const known = ends.filter((end) => !Number.isNaN(end));
  if (known.length > 0) return Math.max(...known);
  return timeMs(metadata.deletionTimestamp ?? metadata.creationTimestamp);
}

export interface NewPod {
  name: string;
  index?: number;
  /** How often the index has failed, where each index has its own limit. */
  failures?: number;
}

export function jobPod(job: Stored<Job>, owner: Omit<Owner, 'selector'>, { name, index, failures }: NewPod): Pod {
  const pod = podFromTemplate(job.spec!.template, owner, name);
  const metadata = pod.metadata!;
  metadata.finalizers = [...(metadata.finalizers ?? []), TRACKING];
  if (index === undefined) return pod;
  const text = String(index);
  metadata.generateName = `${job.metadata.name}-${index}-`;
  metadata.labels = { ...metadata.labels, [INDEX]: text };
  metadata.annotations = { ...metadata.annotations, [INDEX]: text };
  if (failures !== undefined) metadata.annotations[FAILURE_COUNT] = String(failures);
  return { ...pod, spec: withIndex(pod.spec!, job.metadata.name, index) };
}

function withIndex(spec: NonNullable<Pod['spec']>, jobName: string, index: number): NonNullable<Pod['spec']> {
  const variable: EnvVar = {
    name: INDEX_VARIABLE,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` } },
  };
  const add = <C extends { env?: EnvVar[] | undefined }>(container: C): C =>
    container.env?.some(({ name }) => name === INDEX_VARIABLE)
      ? container
      : { ...container, env: [...(container.env ?? []), variable] };
  return {
    ...spec,
    hostname: `${jobName}-${index}`,
    containers: spec.containers.map(add),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(add) }),
  };
}
