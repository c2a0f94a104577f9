import { forbiddenField } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Pod } from '../../../../lib/api/types.ts';
import type { KindRules, RuleContext } from '../../contract.ts';
import { defaultPodSpec } from '../pod-spec/defaults.ts';
import { mergeLabelKeys } from '../pod-spec/merge-label-keys.ts';
import { defaultPodLevelResources } from '../pod-spec/pod-resources.ts';
import { applyAppArmorAnnotations, checkProfilesMatch } from '../pod-spec/profile-annotations.ts';
import { podQosClass } from '../pod-spec/qos.ts';
import { podWarnings } from '../warnings/pod.ts';
import { nameWarnings } from '../warnings/workload.ts';
import { checkPod, dropDisabledFields } from './pod-check.ts';
import { ephemeralContainersRules } from './pod-ephemeral-containers.ts';
import { resizeRules } from './pod-resize.ts';
import { preparePodStatusUpdate, validatePodStatusUpdate } from './pod-status.ts';
import { validatePodUpdate } from './pod-update.ts';

/** Source: SetDefaults_Pod in k8s.io/kubernetes/pkg/apis/core/v1/defaults.go. */
function defaults(pod: Pod): void {
  const { spec, status } = pod;
  if (status) defaultPodStatus(status);
  if (!spec) return;
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const { limits, requests } = container.resources ?? {};
    if (limits) container.resources!.requests = { ...limits, ...requests };
    if (spec.hostNetwork) for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
}

/** The single address and the list say the same. Source: SetDefaults_PodStatus. */
function defaultPodStatus(status: NonNullable<Pod['status']>): void {
  const { podIP, podIPs } = status;
  if (!podIP) {
    if (podIPs?.[0]) status.podIP = podIPs[0].ip;
  } else if (podIPs?.[0]?.ip !== podIP) status.podIPs = [{ ip: podIP }];
}

function prepareForCreate(pod: Pod, { now }: RuleContext): void {
  pod.status = { phase: 'Pending' };
  if (!pod.spec) return;
  dropDisabledFields(pod.spec);
  applyAppArmorAnnotations(pod.spec, pod.metadata?.annotations);
  if (pod.spec.schedulingGates?.length)
    pod.status.conditions = [{ ...SCHEDULING_GATED, lastProbeTime: null as never, lastTransitionTime: now }];
  mergeLabelKeys(pod.spec, pod.metadata?.labels ?? {});
  defaultPodLevelResources(pod.spec);
  pod.status.qosClass = podQosClass(pod.spec);
}

const SCHEDULING_GATED = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

function validate(pod: Pod): Cause[] {
  const causes: Cause[] = [];
  checkPod(causes, pod);
  const { spec } = pod;
  if (spec?.ephemeralContainers?.length) {
    causes.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (spec?.nodeName && spec.schedulingGates?.length) {
    causes.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  if (spec) checkProfilesMatch(causes, pod.metadata, spec, 'spec');
  return causes;
}

/** Pods that run nowhere, or no longer, are removed at once. Source: podStrategy.CheckGracefulDelete. */
function gracePeriodSeconds({ spec, status }: Pod, requested: number | undefined): number {
  const over = status?.phase === 'Failed' || status?.phase === 'Succeeded';
  if (!spec?.nodeName || over) return 0;
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}

export const pod: KindRules = {
  defaults,
  prepareForCreate,
  prepareForUpdate(object: Pod, old: Pod) {
    object.status = old.status;
    if (object.spec && !object.spec.resources && old.spec?.resources) object.spec.resources = old.spec.resources;
    if (object.spec) dropDisabledFields(object.spec);
  },
  prepareForStatusUpdate: preparePodStatusUpdate,
  validate,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  subresources: { ephemeralcontainers: ephemeralContainersRules, resize: resizeRules },
  selectableFields: {
    'spec.nodeName': ({ spec }: Pod) => spec?.nodeName ?? '',
    /** What the first clients called it. */
    'spec.host': ({ spec }: Pod) => spec?.nodeName ?? '',
    'spec.restartPolicy': ({ spec }: Pod) => spec?.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }: Pod) => spec?.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }: Pod) => spec?.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }: Pod) => String(spec?.hostNetwork ?? false),
    'status.phase': ({ status }: Pod) => status?.phase ?? '',
    'status.podIP': ({ status }: Pod) => status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': ({ status }: Pod) => status?.nominatedNodeName ?? '',
  },
  generationFrom: ['spec'],
  gracePeriodSeconds,
  /** Updates come mostly from programs, and often: they are told nothing. */
  warnings({ metadata, spec }: Pod, old?: Pod) {
    return old ? [] : [...nameWarnings(metadata, "the Pod's hostname"), ...podWarnings(spec, metadata)];
  },
};
