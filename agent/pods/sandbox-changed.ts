import type { Pod } from '../../lib/api/types.ts';
import { type RuntimePod, readySandboxes } from './runtime-pod.ts';

export type SandboxVerdict =
  | { changed: false; sandboxId: string; attempt: number }
  | { changed: true; attempt: number; reason: string };

/** Whether the pod needs a new sandbox, with kubelet's words. Source: pkg/kubelet/kuberuntime/util PodSandboxChanged. */
export function sandboxChanged(pod: Pod, runtime: RuntimePod): SandboxVerdict {
  const newest = runtime.sandboxes[0];
  if (!newest) return { changed: true, attempt: 0, reason: 'No sandbox for pod can be found. Need to start a new one' };
  const attempt = newest.metadata.attempt + 1;
  if (readySandboxes(runtime).length > 1)
    return { changed: true, attempt, reason: 'Multiple sandboxes are ready for Pod. Need to reconcile them' };
  if (newest.state !== 'READY')
    return { changed: true, attempt, reason: 'No ready sandbox for pod can be found. Need to start a new one' };
  if (!pod.spec?.hostNetwork && newest.ips.length === 0)
    return { changed: true, attempt, reason: 'Sandbox for pod has no IP address. Need to start a new one' };
  return { changed: false, sandboxId: newest.id, attempt: newest.metadata.attempt };
}
