import { forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import { MIRROR_POD } from '../../../../lib/api/pod-references.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ObjectMeta, PodSpec } from '../../../../lib/api/types.ts';
import { APP_ARMOR_CONTAINER, checkProfileAnnotations } from './profile-annotations.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

type Annotations = ObjectMeta['annotations'];

/** Annotations that mean something to a Pod. Source: ValidatePodSpecificAnnotations in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkPodAnnotations(causes: Cause[], annotations: Annotations, spec: PodSpec, path: string): void {
  if (!annotations) return;
  const mirror = annotations[MIRROR_POD];
  if (mirror !== undefined && !spec.nodeName) {
    const why = 'must set spec.nodeName if mirror pod annotation is set';
    causes.push(invalidValue(`${path}[${MIRROR_POD}]`, mirror, why));
  }
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) {
    causes.push(invalidValue(`${path}[${DELETION_COST}]`, cost, 'must be a 32bit integer'));
  }
  checkProfileAnnotations(causes, annotations, spec, path);
}

/** No plus sign and no leading zeros, as validFirstDigit has it. */
function isInt32(text: string): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(text) && Math.abs(Number(text)) < 2 ** 31;
}

/** Annotations that bind a Pod for life. Source: ValidatePodSpecificAnnotationUpdates. */
export function checkPodAnnotationsUpdate(
  causes: Cause[],
  now: Annotations = {},
  before: Annotations = {},
  path: string,
): void {
  for (const key in before) {
    if (now[key] === before[key]) continue;
    const named = bindingAnnotation(key);
    if (named) causes.push(forbiddenField(`${path}[${key}]`, `may not remove or update ${named}`));
  }
  for (const key in now) {
    const named = key in before ? undefined : bindingAnnotation(key);
    if (named) causes.push(forbiddenField(`${path}[${key}]`, `may not add ${named}`));
  }
}

function bindingAnnotation(key: string): string | undefined {
  if (key.startsWith(APP_ARMOR_CONTAINER)) return 'AppArmor annotations';
  return key === MIRROR_POD ? 'mirror pod annotation' : undefined;
}
