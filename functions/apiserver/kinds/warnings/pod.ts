import type { ObjectMeta, PodSpec, PodTemplateSpec, SecurityContext } from '../../../../lib/api/types.ts';
import { semanticEqual } from '../equal.ts';
import { containersOf } from '../pod-spec/containers-of.ts';
import { APP_ARMOR_CONTAINER, appArmorField, SECCOMP_CONTAINER, SECCOMP_POD } from '../pod-spec/profile-annotations.ts';
import { warnOfIp } from './addresses.ts';
import { warnOfAffinity, warnOfTopologySpread } from './affinity.ts';
import { warnOfContainers } from './containers.ts';
import { warnOfFraction } from './fractions.ts';
import { warnOfNodeLabels } from './node-labels.ts';
import { warnOfPorts } from './ports.ts';
import { warnOfVolumes } from './volumes.ts';

/** Source: warningsForPodSpecAndMeta in k8s.io/kubernetes/pkg/api/pod/warnings.go. `path` is where a template is; a pod's is empty. */
export function podWarnings(spec: PodSpec | undefined, meta: ObjectMeta | undefined, path = ''): string[] {
  const warnings: string[] = [];
  if (!spec) return warnings;
  const [at, annotated] = path ? [`${path}.spec`, `${path}.metadata`] : ['spec', 'metadata'];
  if (spec.nodeSelector) warnOfNodeLabels(warnings, spec.nodeSelector, (key) => `${at}.nodeSelector[${key}]`);
  if (spec.affinity) warnOfAffinity(warnings, spec.affinity, `${at}.affinity`);
  if (spec.topologySpreadConstraints) {
    warnOfTopologySpread(warnings, spec.topologySpreadConstraints, `${at}.topologySpreadConstraints`);
  }
  if (meta?.annotations) warnOfAnnotations(warnings, spec, meta.annotations, `${annotated}.annotations`);
  if (spec.volumes) warnOfVolumes(warnings, spec.volumes, `${at}.volumes`);
  warnOfDuplicates(warnings, spec, at);
  for (const name of ['memory', 'ephemeral-storage']) {
    warnOfFraction(warnings, spec.overhead?.[name], `${at}.overhead[${name}]`);
  }
  warnOfContainers(warnings, spec, at);
  warnOfPorts(warnings, spec, at);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const why = 'must be >= 0; negative values are invalid and will be treated as 1';
    warnings.push(`${at}.terminationGracePeriodSeconds: ${why}`);
  }
  spec.dnsConfig?.nameservers?.forEach((server, i) => {
    warnOfIp(warnings, server, `${at}.dnsConfig.nameservers[${i}]`);
  });
  return warnings;
}

export function templateWarnings(template: PodTemplateSpec | undefined, path: string): string[] {
  return podWarnings(template?.spec, template?.metadata, path);
}

const DEPRECATED_ANNOTATIONS = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
] as const;

const SECCOMP_FIELD = 'non-functional in v1.27+; use the "seccompProfile" field instead';

type Annotations = Record<string, string>;

function warnOfAnnotations(warnings: string[], spec: PodSpec, annotations: Annotations, path: string): void {
  for (const [key, why] of DEPRECATED_ANNOTATIONS) if (key in annotations) warnings.push(`${path}[${key}]: ${why}`);
  if (SECCOMP_POD in annotations && !spec.securityContext?.seccompProfile) {
    warnings.push(`${path}[${SECCOMP_POD}]: ${SECCOMP_FIELD}`);
  }
  for (const { name, securityContext } of containersOf(spec)) {
    const key = SECCOMP_CONTAINER + name;
    if (key in annotations && !securityContext?.seccompProfile) warnings.push(`${path}[${key}]: ${SECCOMP_FIELD}`);
    const appArmor = annotations[APP_ARMOR_CONTAINER + name];
    if (appArmor === undefined || !isOnlyAnnotated(appArmor, securityContext, spec, path)) continue;
    const why = 'deprecated since v1.30; use the "appArmorProfile" field instead';
    warnings.push(`${path}[${APP_ARMOR_CONTAINER}${name}]: ${why}`);
  }
}

/** A pod's fields have been filled from its annotations by now, a template's have not. */
function isOnlyAnnotated(annotation: string, own: SecurityContext | undefined, spec: PodSpec, path: string): boolean {
  const field = appArmorField(annotation);
  const isPod = path === 'metadata.annotations';
  if (isPod && spec.os?.name === 'windows') return false;
  if (own?.appArmorProfile) return isPod && semanticEqual(own.appArmorProfile, field);
  return !field || !semanticEqual(field, spec.securityContext?.appArmorProfile);
}

function warnOfDuplicates(warnings: string[], { hostAliases, imagePullSecrets }: PodSpec, at: string): void {
  hostAliases?.forEach(({ ip }, i) => {
    const field = `${at}.hostAliases[${i}].ip`;
    if (hostAliases.findIndex((other) => other.ip === ip) < i) {
      warnings.push(`${field}: duplicate ip ${JSON.stringify(ip)}`);
    }
    warnOfIp(warnings, ip, field);
  });
  imagePullSecrets?.forEach(({ name = '' }, i) => {
    const field = `${at}.imagePullSecrets[${i}].name`;
    if (imagePullSecrets.findIndex((other) => (other.name ?? '') === name) < i) {
      warnings.push(`${field}: duplicate name ${JSON.stringify(name)}`);
    }
    if (name === '') warnings.push(`${field}: invalid empty name ""`);
  });
}
