import { duplicateValue, forbiddenField, invalidValue, notFoundValue } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, inRange, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ObjectMeta, PodSpec } from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired, checkRequiredOneOf } from '../check.ts';
import { checkIp } from '../ip.ts';
import { checkLabels } from '../metadata.ts';
import { checkAffinity } from './affinity.ts';
import { checkContainers, checkEphemeralContainers, checkInitContainers, type PodContext } from './containers.ts';
import { checkDnsConfig, checkDnsPolicy, checkHostnameOverride } from './dns.ts';
import { checkPodLevelResources } from './pod-resources.ts';
import { checkRequirements } from './resources.ts';
import { checkSchedulingGates, checkTolerations, checkTopologySpread } from './scheduling.ts';
import { checkPodSecurityContext } from './security-context.ts';
import { checkVolumes, type Volumes } from './volumes.ts';
import { checkHostProcess, checkOs } from './windows.ts';

/**
 * What a pod's spec must obey, in a Pod or in a template; `meta` is given for a Pod only.
 * Source: ValidatePodSpec in k8s.io/kubernetes/pkg/apis/core/validation, in its order.
 */
export function checkPodSpec(causes: Cause[], spec: PodSpec, meta: ObjectMeta | undefined, path: string): void {
  const volumes = checkVolumes(causes, spec.volumes, meta, `${path}.volumes`);
  const claims = new Set(spec.resourceClaims?.map(({ name }) => name).filter(Boolean));
  const pod: PodContext = { spec, volumes, claims };
  checkResourceClaims(causes, spec, `${path}.resourceClaims`);
  checkContainers(causes, pod, `${path}.containers`);
  checkInitContainers(causes, pod, `${path}.initContainers`);
  checkEphemeralContainers(causes, pod, `${path}.ephemeralContainers`);
  checkPodLevelResources(causes, spec, `${path}.resources`);
  checkHostPorts(causes, spec, meta !== undefined, path);
  checkRequiredOneOf(causes, `${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  checkDnsPolicy(causes, spec, path);
  checkLabels(causes, spec.nodeSelector, `${path}.nodeSelector`);
  checkPodSecurityContext(causes, spec.securityContext, spec, `${path}.securityContext`);
  checkNamespaces(causes, spec, path);
  checkScheduling(causes, spec, path);
  checkHostnameOverride(causes, spec, path);
  checkNames(causes, spec, path);
  checkHostProcess(causes, spec, path);
  checkOs(causes, spec, path);
  checkFileKeyVolumes(causes, spec, volumes, path);
}

function checkScheduling(causes: Cause[], spec: PodSpec, path: string): void {
  checkAffinity(causes, spec.affinity, `${path}.affinity`);
  checkDnsConfig(causes, spec, `${path}.dnsConfig`);
  spec.readinessGates?.forEach(({ conditionType }, i) => {
    checkFormat(causes, `${path}.readinessGates[${i}].conditionType`, conditionType ?? '', qualifiedName);
  });
  checkSchedulingGates(causes, spec.schedulingGates, `${path}.schedulingGates`);
  checkTopologySpread(causes, spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`);
}

function checkNames(causes: Cause[], spec: PodSpec, path: string): void {
  if (spec.serviceAccountName) {
    checkFormat(causes, `${path}.serviceAccountName`, spec.serviceAccountName, dns1123Subdomain);
  }
  if (spec.nodeName) checkFormat(causes, `${path}.nodeName`, spec.nodeName, dns1123Subdomain);
  checkDeadline(causes, spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`);
  if (spec.hostname) checkFormat(causes, `${path}.hostname`, spec.hostname, dns1123Label);
  if (spec.subdomain) checkFormat(causes, `${path}.subdomain`, spec.subdomain, dns1123Label);
  checkTolerations(causes, spec.tolerations, `${path}.tolerations`);
  checkHostAliases(causes, spec, `${path}.hostAliases`);
  for (const field of ['priorityClassName', 'runtimeClassName'] as const) {
    if (spec[field]) checkFormat(causes, `${path}.${field}`, spec[field], dns1123Subdomain);
  }
  if (spec.preemptionPolicy !== undefined) {
    checkOneOf(causes, `${path}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  }
  if (spec.overhead) checkRequirements(causes, { limits: spec.overhead }, `${path}.overhead`);
}

const INT32_MAX = 2_147_483_647;

function checkDeadline(causes: Cause[], seconds: number | undefined, field: string): void {
  if (seconds === undefined) return;
  for (const fault of inRange(seconds, 1, INT32_MAX)) causes.push(invalidValue(field, seconds, fault));
}

function checkHostAliases(causes: Cause[], spec: PodSpec, path: string): void {
  spec.hostAliases?.forEach(({ ip, hostnames }, i) => {
    checkIp(causes, ip ?? '', `${path}[${i}].ip`);
    hostnames?.forEach((hostname, j) => {
      checkFormat(causes, `${path}[${i}].hostnames[${j}]`, hostname, dns1123Subdomain);
    });
  });
}

/** Source: validateShareProcessNamespace and validateHostUsers. */
function checkNamespaces(causes: Cause[], spec: PodSpec, path: string): void {
  if (spec.shareProcessNamespace && spec.hostPID) {
    const why = 'ShareProcessNamespace and HostPID cannot both be enabled';
    causes.push(invalidValue(`${path}.shareProcessNamespace`, true, why));
  }
  if (spec.hostUsers !== false) return;
  const why = 'when `hostUsers` is false';
  if (spec.hostNetwork) causes.push(forbiddenField(`${path}.hostNetwork`, why));
  if (spec.hostPID) causes.push(forbiddenField(`${path}.HostPID`, why));
  if (spec.hostIPC) causes.push(forbiddenField(`${path}.HostIPC`, why));
}

/** In a template the host port may be left out; a Pod has been defaulted. Source: validatePodHostNetworkDeps. */
function checkHostPorts(causes: Cause[], spec: PodSpec, isPod: boolean, path: string): void {
  if (!spec.hostNetwork) return;
  spec.containers?.forEach(({ ports }, i) => {
    ports?.forEach(({ hostPort = 0, containerPort }, j) => {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) return;
      const field = `${path}.containers[${i}].ports[${j}].hostPort`;
      causes.push(invalidValue(field, hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    });
  });
}

/** Source: validatePodResourceClaim. */
function checkResourceClaims(causes: Cause[], spec: PodSpec, path: string): void {
  const seen = new Set<string>();
  spec.resourceClaims?.forEach((claim, i) => {
    const at = `${path}[${i}]`;
    if (checkRequired(causes, `${at}.name`, claim.name)) {
      if (seen.has(claim.name)) causes.push(duplicateValue(`${at}.name`, claim.name));
      else checkFormat(causes, `${at}.name`, claim.name, dns1123Label);
      seen.add(claim.name);
    }
    const { resourceClaimName: name, resourceClaimTemplateName: template } = claim;
    if (name !== undefined && template !== undefined) {
      const why = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      causes.push(invalidValue(at, claim, why));
    }
    if (name === undefined && template === undefined) {
      const why = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
      causes.push(invalidValue(at, claim, why));
    }
    if (name !== undefined) checkFormat(causes, `${at}.resourceClaimName`, name, dns1123Subdomain);
    if (template !== undefined) checkFormat(causes, `${at}.resourceClaimTemplateName`, template, dns1123Subdomain);
  });
}

/** A variable from a file reads it from an emptyDir of the pod. Source: validateFileKeyRefVolumes. */
function checkFileKeyVolumes(causes: Cause[], spec: PodSpec, volumes: Volumes, path: string): void {
  for (const list of ['initContainers', 'containers'] as const) {
    spec[list]?.forEach(({ env }, i) => {
      env?.forEach(({ valueFrom }, j) => {
        const name = valueFrom?.fileKeyRef?.volumeName;
        if (!name) return;
        const field = `${path}.${list}[${i}].env[${j}].valueFrom.fileKeyRef.volumeName`;
        const volume = volumes.get(name);
        if (!volume) causes.push(notFoundValue(field, name));
        else if (!volume.emptyDir) causes.push(invalidValue(field, name, 'referenced volume must be of type emptyDir'));
      });
    });
  }
}
