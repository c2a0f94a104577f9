import { forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import { qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../../../lib/api/types.ts';
import { checkFormat, checkImmutable } from '../check.ts';
import { checkIp, isIpv6 } from '../ip.ts';
import { checkPodAnnotationsUpdate } from '../pod-spec/annotations.ts';

const KEPT = ['resourceClaimStatuses', 'extendedResourceClaimStatus', 'nodeAllocatableResourceClaimStatuses'] as const;

/** Only the agent and the scheduler write here: the spec and the owners stay. Source: podStatusStrategy. */
export function preparePodStatusUpdate(pod: Pod, old: Pod): void {
  pod.spec = old.spec;
  pod.metadata = { ...pod.metadata, ownerReferences: old.metadata?.ownerReferences };
  pod.status ??= {};
  const { status } = pod;
  status.qosClass ||= old.status?.qosClass;
  for (const field of KEPT) if (status[field] === undefined) Object.assign(status, { [field]: old.status?.[field] });
  if (!status.observedGeneration) status.observedGeneration = old.status?.observedGeneration;
  for (const condition of status.conditions ?? []) {
    condition.observedGeneration ||= old.status?.conditions?.find(
      ({ type }) => type === condition.type,
    )?.observedGeneration;
  }
}

/** Source: ValidatePodStatusUpdate in k8s.io/kubernetes/pkg/apis/core/validation. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): Cause[] {
  const causes: Cause[] = [];
  const { status = {}, spec = { containers: [] } } = pod;
  const { status: before = {} } = old;
  checkPodAnnotationsUpdate(causes, pod.metadata?.annotations, old.metadata?.annotations, 'metadata.annotations');
  checkConditions(causes, status);
  if (spec.nodeName && status.nominatedNodeName && status.nominatedNodeName !== before.nominatedNodeName) {
    const why = 'may not be set on pods that are already bound to a node';
    causes.push(forbiddenField('status.nominatedNodeName', why));
  }
  checkImmutable(causes, 'status.qosClass', status.qosClass, before.qosClass);
  for (const list of ['containerStatuses', 'initContainerStatuses'] as const) {
    checkTransitions(causes, status[list], before[list], spec, list);
  }
  checkAddresses(causes, status, before);
  return causes;
}

const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];

function checkConditions(causes: Cause[], { conditions = [] }: PodStatus): void {
  conditions.forEach(({ type }, i) => {
    if (!SYSTEM_CONDITIONS.includes(type))
      checkFormat(causes, `status.conditions[${i}].Type`, type ?? '', qualifiedName);
  });
}

/** A container that ended and does not restart stays ended. Source: ValidateContainerStateTransition. */
function checkTransitions(
  causes: Cause[],
  now: ContainerStatus[] = [],
  before: ContainerStatus[] = [],
  spec: PodSpec,
  list: 'containerStatuses' | 'initContainerStatuses',
): void {
  before.forEach((old, i) => {
    if (!old.state?.terminated || mayRestart(spec, old, list)) return;
    const current = now.find(({ name }) => name === old.name);
    if (!current || current.state?.terminated) return;
    causes.push(forbiddenField(`status.${list}[${i}].state`, 'may not be transitioned to non-terminated state'));
  });
}

function mayRestart(spec: PodSpec, { name, state }: ContainerStatus, list: string): boolean {
  const containers = list === 'containerStatuses' ? spec.containers : spec.initContainers;
  const container = containers?.find((candidate) => candidate.name === name);
  if (container?.restartPolicyRules?.length) return true;
  const policy = container?.restartPolicy ?? spec.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && state?.terminated?.exitCode !== 0);
}

/** One address of each family, the first one repeated in the singular field. Source: validatePodIPs, validateHostIPs. */
function checkAddresses(causes: Cause[], status: PodStatus, before: PodStatus): void {
  const { podIP, podIPs = [], hostIP, hostIPs = [] } = status;
  checkFamilies(causes, podIPs, before.podIPs, 'status.podIPs');
  if (Boolean(podIP) !== podIPs.length > 0) {
    causes.push(invalidValue('status.podIPs', podIPs, 'podIP and podIPs must either both be set or both be unset'));
  } else if (podIPs[0] && podIPs[0].ip !== podIP) {
    causes.push(invalidValue('status.podIPs[0].ip', podIPs[0].ip, 'must be equal to `podIP`'));
  }
  if (hostIPs[0] && hostIPs[0].ip !== hostIP) {
    causes.push(invalidValue('status.hostIPs[0].ip', hostIPs[0].ip, 'must be equal to `hostIP`'));
  }
  checkFamilies(causes, hostIPs, before.hostIPs, 'status.hostIPs');
}

type Address = { ip?: string | undefined };

function checkFamilies(causes: Cause[], addresses: Address[], before: Address[] | undefined, path: string): void {
  const known = (before ?? []).map(({ ip }) => ip ?? '');
  addresses.forEach(({ ip }, i) => {
    checkIp(causes, ip ?? '', `${path}[${i}]`, known);
  });
  if (addresses.length < 2) return;
  const families = new Set(addresses.map(({ ip }) => isIpv6(ip ?? '')));
  if (families.size < addresses.length) {
    causes.push(invalidValue(path, addresses, 'may specify no more than one IP for each IP family'));
  }
}
