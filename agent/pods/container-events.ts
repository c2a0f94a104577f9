import type { ObjectReference, Pod } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';

/** Events about one container of a pod, or about the pod. */
export interface ContainerEvents {
  normal(reason: string, message: string): void;
  warning(reason: string, message: string): void;
}

export function containerEvents(recorder: EventRecorder, pod: Pod, containerName: string): ContainerEvents {
  const about = { ...podReference(pod), fieldPath: fieldPath(pod, containerName) };
  return {
    normal: (reason, message) => recorder.normal(about, reason, message),
    warning: (reason, message) => recorder.warning(about, reason, message),
  };
}

export function podReference(pod: Pod): ObjectReference {
  const { namespace, name, uid, resourceVersion } = pod.metadata ?? {};
  return { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, resourceVersion };
}

/** Source: pkg/kubelet/container/ref.go fieldPath. */
function fieldPath({ spec }: Pod, name: string): string {
  if (spec?.initContainers?.some((container) => container.name === name)) return `spec.initContainers{${name}}`;
  if (spec?.ephemeralContainers?.some((container) => container.name === name))
    return `spec.ephemeralContainers{${name}}`;
  return `spec.containers{${name}}`;
}
