import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { LabelSelector, PodTemplateSpec } from '../../../../lib/api/types.ts';
import { isEmptySelector, selectorMatches } from '../label-selector.ts';
import { checkAnnotations, checkLabels } from '../metadata.ts';
import { checkPodAnnotations } from './annotations.ts';
import { checkProfilesMatch } from './profile-annotations.ts';
import { checkPodSpec } from './validate.ts';

/** Source: ValidatePodTemplateSpec in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkPodTemplate(causes: Cause[], template: PodTemplateSpec, path: string): void {
  const { metadata = {}, spec = { containers: [] } } = template;
  checkLabels(causes, metadata.labels, `${path}.labels`);
  checkAnnotations(causes, metadata.annotations, `${path}.annotations`);
  checkPodAnnotations(causes, metadata.annotations, spec, `${path}.annotations`);
  checkPodSpec(causes, spec, undefined, `${path}.spec`);
  checkProfilesMatch(causes, metadata, spec, `${path}.spec`);
  if (!spec.ephemeralContainers?.length) return;
  const why = 'ephemeral containers not allowed in pod template';
  causes.push(forbiddenField(`${path}.spec.ephemeralContainers`, why));
}

/** The template of something that keeps replicas running. Source: ValidatePodTemplateSpecForReplicaSet. */
export function checkReplicatedTemplate(
  causes: Cause[],
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  path: string,
  owner: 'ReplicaSet' | 'ReplicationController' = 'ReplicaSet',
): void {
  if (!template) return void causes.push(required(path));
  checkSelected(causes, template, selector, path);
  checkPodTemplate(causes, template, path);
  checkAlwaysRestarts(causes, template, path);
  if (template.spec?.activeDeadlineSeconds === undefined) return;
  const why = `activeDeadlineSeconds in ${owner} is not Supported`;
  causes.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, why));
}

export function checkSelected(
  causes: Cause[],
  template: PodTemplateSpec,
  selector: LabelSelector | undefined,
  path: string,
): void {
  const labels = template.metadata?.labels;
  if ((selector && isEmptySelector(selector)) || selectorMatches(selector ?? undefined, labels)) return;
  const why = '`selector` does not match template `labels`';
  causes.push(invalidValue(`${path}.metadata.labels`, labels ?? null, why));
}

export function checkAlwaysRestarts(causes: Cause[], template: PodTemplateSpec, path: string): void {
  const policy = template.spec?.restartPolicy;
  if (policy !== 'Always') causes.push(notSupported(`${path}.spec.restartPolicy`, policy ?? '', ['Always']));
}
