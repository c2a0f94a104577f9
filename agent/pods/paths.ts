import { join } from 'node:path';
import type { Pod } from '../../lib/api/types.ts';

/** Source: kuberuntime/helpers.go BuildPodLogsDirectory. */
export function podLogsFolder(logsDir: string, pod: { namespace: string; name: string; uid: string }): string {
  return join(logsDir, `${pod.namespace}_${pod.name}_${pod.uid}`);
}

/** Source: pkg/kubelet/kubelet_getters.go getPodVolumeDir. */
export function volumeFolder(podsDir: string, uid: string, plugin: string, name: string): string {
  return join(podsDir, uid, 'volumes', `kubernetes.io~${plugin}`, name);
}

export function podRef(pod: Pod): { namespace: string; name: string; uid: string } {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  return { namespace, name, uid };
}

/** As kubelet names a pod in messages: name_namespace(uid). */
export function podText(pod: Pod): string {
  const { namespace, name, uid } = podRef(pod);
  return `${name}_${namespace}(${uid})`;
}
