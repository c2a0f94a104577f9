import type { Container, Pod } from '../../lib/api/types.ts';
import { findContainer, type RuntimePod } from './runtime-pod.ts';

/** A sidecar (KEP-753): it starts in turn like an init container, and then goes on beside the others. */
export function isRestartableInit(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** Whether a container that ended so is started again, by its own rules (KEP-5307), then its own policy, then the pod's. */
export function restartsAfter(pod: Pod, container: Container, exitCode: number): boolean {
  if (container.restartPolicyRules?.some((rule) => rule.action === 'Restart' && ruleMatches(rule, exitCode)))
    return true;
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

type Rule = NonNullable<Container['restartPolicyRules']>[number];

function ruleMatches({ exitCodes }: Rule, exitCode: number): boolean {
  if (!exitCodes) return false;
  const listed = exitCodes.values?.includes(exitCode) ?? false;
  return exitCodes.operator === 'NotIn' ? !listed : listed;
}

/** Whether a container that was killed (probe, changed image) is started again. */
export function restartsWhenKilled(pod: Pod, container: Container): boolean {
  return (container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always') !== 'Never';
}

/** Source: pkg/kubelet/container ShouldContainerBeRestarted. */
export function shouldBeStarted(pod: Pod, container: Container, runtime: RuntimePod): boolean {
  if (pod.metadata?.deletionTimestamp) return false;
  const status = findContainer(runtime, container.name);
  if (!status) return true;
  if (status.state === 'RUNNING') return false;
  if (status.state !== 'EXITED') return true;
  return restartsAfter(pod, container, status.exitCode);
}
