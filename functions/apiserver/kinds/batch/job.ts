import { invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1123Label } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Job, JobSpec } from '../../../../lib/api/types.ts';
import type { KindRules, RuleContext } from '../../contract.ts';
import { checkImmutable } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkLabelSelector, selectorMatches } from '../label-selector.ts';
import { statusKept } from '../status.ts';
import { isSame, jobSpecWarnings, nameWarnings } from '../warnings/workload.ts';
import { checkJobSpec, defaultJobSpec } from './job-spec.ts';
import { validateJobStatusUpdate } from './job-status.ts';

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
const JOB_NAME = 'batch.kubernetes.io/job-name';

/** The labels of a job whose selector is generated; the ones without a prefix are older. */
function generatedLabels(uid: string, name: string): Record<string, string> {
  return { [CONTROLLER_UID]: uid, [JOB_NAME]: name, 'controller-uid': uid, 'job-name': name };
}

const kept = statusKept();

/** A job selects its own pods by its uid, unless the user selects them. Source: generateSelector in k8s.io/kubernetes/pkg/registry/batch/job. */
function prepareForCreate(job: Job, context: RuleContext): void {
  kept.prepareForCreate!(job, context);
  const { spec, metadata } = job;
  if (!spec || !metadata || spec.manualSelector) return;
  metadata.uid ??= context.uuid();
  spec.template ??= {};
  spec.template.metadata ??= {};
  const generated = generatedLabels(metadata.uid, metadata.name ?? '');
  metadata.labels = { ...metadata.labels, ...generated };
  spec.template.metadata.labels = { ...spec.template.metadata.labels, ...generated };
  const matchLabels = { [CONTROLLER_UID]: metadata.uid, ...spec.selector?.matchLabels };
  spec.selector = { ...spec.selector, matchLabels };
}

/** Source: ValidateJob in k8s.io/kubernetes/pkg/apis/batch/validation. */
function validate(job: Job): Cause[] {
  const causes: Cause[] = [];
  const spec = job.spec ?? ({} as JobSpec);
  checkJobSpec(causes, spec, 'spec');
  checkSelector(causes, job, spec);
  checkHostnames(causes, job.metadata?.name ?? '', spec);
  return causes;
}

/** The pods of an indexed job are named after it and their index. Source: validateNameAllowsCompletions. */
function checkHostnames(causes: Cause[], name: string, { completionMode, completions = 0 }: JobSpec): void {
  if (completionMode !== 'Indexed' || completions <= 0) return;
  const last = `${name}-${completions - 1}`;
  if (dns1123Label(last).length === 0) return;
  causes.push(invalidValue('metadata.name', name, `will not able to create pod with invalid DNS label: ${last}`));
}

function checkSelector(causes: Cause[], { metadata }: Job, spec: JobSpec): void {
  if (!spec.selector) causes.push(required('spec.selector'));
  else checkLabelSelector(causes, spec.selector, 'spec.selector');
  const labels = spec.template?.metadata?.labels ?? {};
  const generated = { matchLabels: { [CONTROLLER_UID]: metadata?.uid } };
  if (!spec.manualSelector && !semanticEqual(spec.selector, generated)) {
    const why = '`selector` not auto-generated';
    causes.push(invalidValue('spec.selector', spec.selector ?? null, why));
  }
  if (spec.selector && !selectorMatches(spec.selector, labels)) {
    const why = '`selector` does not match template `labels`';
    causes.push(invalidValue('spec.template.metadata.labels', labels, why));
  }
}

const FIXED = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

/** Source: ValidateJobSpecUpdate. A suspended job that has not run yet may still change where its pods go. */
function validateUpdate(job: Job, old: Job): Cause[] {
  const causes: Cause[] = [];
  const [spec, before] = [job.spec ?? ({} as JobSpec), old.spec ?? ({} as JobSpec)];
  checkJobSpec(causes, spec, 'spec');
  checkCompletions(causes, spec, before);
  for (const field of FIXED) {
    if (field === 'managedBy' && before.suspend && !old.status?.startTime) continue;
    checkImmutable(causes, `spec.${field}`, spec[field], before[field]);
  }
  checkImmutable(causes, 'spec.template', spec.template, before.suspend ? schedulable(spec, before) : before.template);
  return causes;
}

function checkCompletions(causes: Cause[], spec: JobSpec, before: JobSpec): void {
  if (spec.completionMode !== 'Indexed') {
    checkImmutable(causes, 'spec.completions', spec.completions, before.completions);
  } else if (spec.completions !== before.completions && spec.completions !== spec.parallelism) {
    const why = 'can only be modified in tandem with spec.parallelism';
    causes.push(invalidValue('spec.completions', spec.completions, why));
  }
}

/** The old template with what a suspended job may change taken from the new one (KEP-2926). */
function schedulable(spec: JobSpec, before: JobSpec): unknown {
  const now = spec.template ?? {};
  const { metadata, spec: podSpec } = structuredClone(before.template ?? {});
  const resources = (podSpec?.containers ?? []).map((container, i) => ({
    ...container,
    resources: now.spec?.containers?.[i]?.resources ?? container.resources,
  }));
  const { nodeSelector, tolerations, schedulingGates, affinity } = now.spec ?? { containers: [] };
  const labels = { labels: now.metadata?.labels, annotations: now.metadata?.annotations };
  return {
    metadata: { ...metadata, ...labels },
    spec: { ...podSpec, containers: resources, nodeSelector, tolerations, schedulingGates, affinity },
  };
}

export const job: KindRules = {
  ...kept,
  defaults(object: Job) {
    if (!object.spec) return;
    defaultJobSpec(object.spec);
    defaultJobOnly(object);
  },
  prepareForCreate,
  validate,
  validateUpdate,
  validateStatusUpdate: validateJobStatusUpdate,
  selectableFields: { 'status.successful': ({ status }: Job) => String(status?.succeeded ?? 0) },
  generationFrom: ['spec'],
  /** As batch/v1 has always done it: the pods stay. */
  defaultPropagation: 'Orphan',
  warnings(object: Job, old?: Job) {
    if (isSame(object, old)) return [];
    return [...(old ? [] : nameWarnings(object.metadata)), ...jobSpecWarnings(object.spec, 'spec')];
  },
};

/** What a Job is given and a CronJob's template is not. Source: SetDefaults_Job in k8s.io/kubernetes/pkg/apis/batch/v1/defaults.go. */
function defaultJobOnly(object: Job): void {
  const spec = object.spec!;
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1;
    spec.parallelism = 1;
  }
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  const labels = spec.template?.metadata?.labels;
  if (labels && !Object.keys(object.metadata?.labels ?? {}).length) {
    object.metadata = { ...object.metadata, labels: { ...labels } };
  }
}
