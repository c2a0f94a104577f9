import { forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { AppArmorProfile, ObjectMeta, PodSpec, SeccompProfile } from '../../../../lib/api/types.ts';
import { semanticEqual } from '../equal.ts';
import { containersOf, containersWithPaths } from './containers-of.ts';
import { checkLocalDescendingPath } from './paths.ts';

/** Before these profiles had fields they were annotations; nothing runs by those any more. */
export const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
export const APP_ARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/';

type Annotations = NonNullable<ObjectMeta['annotations']>;

const RUNTIME = 'runtime/default';
const DOCKER = 'docker/default';
const UNCONFINED = 'unconfined';
const LOCALHOST = 'localhost/';

/** Source: ValidateSeccompPodAnnotations and ValidateAppArmorPodAnnotations in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkProfileAnnotations(causes: Cause[], annotations: Annotations, spec: PodSpec, path: string): void {
  for (const key in annotations) {
    const profile = annotations[key]!;
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER)) checkSeccomp(causes, profile, `${path}.${key}`);
    else if (key.startsWith(APP_ARMOR_CONTAINER)) {
      const name = key.slice(APP_ARMOR_CONTAINER.length);
      checkAppArmor(causes, profile, name, spec, `${path}[${key}]`);
    }
  }
}

function checkSeccomp(causes: Cause[], profile: string, field: string): void {
  if ([RUNTIME, DOCKER, UNCONFINED].includes(profile)) return;
  if (profile.startsWith(LOCALHOST)) checkLocalDescendingPath(causes, profile.slice(LOCALHOST.length), field);
  else causes.push(invalidValue(field, profile, 'must be a valid seccomp profile'));
}

function checkAppArmor(causes: Cause[], profile: string, container: string, spec: PodSpec, field: string): void {
  if (![...containersOf(spec)].some(({ name }) => name === container)) {
    causes.push(invalidValue(field, container, 'container not found'));
  }
  if (['', RUNTIME, UNCONFINED].includes(profile) || profile.startsWith(LOCALHOST)) return;
  causes.push(invalidValue(field, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
}

/** Where both speak they must say the same. Source: validateSeccompAnnotationsAndFields, validateAppArmorAnnotationsAndFieldsMatchOnCreate. */
export function checkProfilesMatch(causes: Cause[], meta: ObjectMeta | undefined, spec: PodSpec, path: string): void {
  const annotations = meta?.annotations;
  if (!annotations) return;
  const { seccompProfile, appArmorProfile } = spec.securityContext ?? {};
  const at = `${path}.securityContext.seccompProfile`;
  checkMatch(causes, 'seccomp', annotations[SECCOMP_POD], seccompProfile, at);
  for (const [{ name, securityContext: own }, container] of containersWithPaths(spec, path)) {
    const context = `${container}.securityContext`;
    const seccomp = annotations[SECCOMP_CONTAINER + name];
    checkMatch(causes, 'seccomp', seccomp, own?.seccompProfile, `${context}.seccompProfile`);
    if (spec.os?.name === 'windows') continue;
    const profile = own?.appArmorProfile ?? appArmorProfile;
    checkMatch(causes, 'apparmor', annotations[APP_ARMOR_CONTAINER + name], profile, `${context}.appArmorProfile`);
  }
}

function checkMatch(
  causes: Cause[],
  kind: 'seccomp' | 'apparmor',
  annotation: string | undefined,
  profile: SeccompProfile | AppArmorProfile | undefined,
  path: string,
): void {
  if (annotation === undefined || !profile) return;
  const { type, localhostProfile } = profile;
  if (!isOfType(kind, annotation, type)) {
    causes.push(forbiddenField(`${path}.type`, `${kind} type in annotation and field must match`));
  } else if (type === 'Localhost' && annotation.slice(LOCALHOST.length) !== localhostProfile) {
    causes.push(forbiddenField(`${path}.localhostProfile`, `${kind} profile in annotation and field must match`));
  }
}

function isOfType(kind: 'seccomp' | 'apparmor', annotation: string, type: string): boolean {
  if (type === 'Unconfined') return annotation === UNCONFINED;
  if (type === 'RuntimeDefault') return annotation === RUNTIME || (kind === 'seccomp' && annotation === DOCKER);
  return type !== 'Localhost' || annotation.startsWith(LOCALHOST);
}

/** Source: ApparmorFieldForAnnotation in k8s.io/kubernetes/pkg/api/pod. */
export function appArmorField(annotation: string): AppArmorProfile | undefined {
  if (annotation === UNCONFINED) return { type: 'Unconfined' };
  if (annotation === RUNTIME) return { type: 'RuntimeDefault' };
  const localhostProfile = annotation.startsWith(LOCALHOST) ? annotation.slice(LOCALHOST.length) : '';
  return localhostProfile && localhostProfile.trim() === localhostProfile
    ? { type: 'Localhost', localhostProfile }
    : undefined;
}

/** A new pod's annotations become fields. Source: applyAppArmorVersionSkew in k8s.io/kubernetes/pkg/registry/core/pod. */
export function applyAppArmorAnnotations(spec: PodSpec, annotations: Annotations | undefined): void {
  if (!annotations || spec.os?.name === 'windows') return;
  for (const container of containersOf(spec)) {
    const annotation = annotations[APP_ARMOR_CONTAINER + container.name];
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue;
    const profile = appArmorField(annotation);
    if (!profile || semanticEqual(profile, spec.securityContext?.appArmorProfile)) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}
