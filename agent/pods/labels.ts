import { createHash } from 'node:crypto';
import type { Container, Pod } from '../../lib/api/types.ts';

/** k8s.io/kubelet/pkg/types/labels.go and pkg/kubelet/kuberuntime/labels.go: what crictl and log collectors look for. */
export const POD_NAME_LABEL = 'io.kubernetes.pod.name';
export const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';
export const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name';

const HASH = 'io.kubernetes.container.hash';
const RESTART_COUNT = 'io.kubernetes.container.restartCount';
const TERMINATION_MESSAGE_PATH = 'io.kubernetes.container.terminationMessagePath';
const TERMINATION_MESSAGE_POLICY = 'io.kubernetes.container.terminationMessagePolicy';
const PRE_STOP = 'io.kubernetes.container.preStopHandler';
const PORTS = 'io.kubernetes.container.ports';
/** Ours: what the container was given when it was made, to see a resize (KEP-1287). */
const RESOURCES = 'io.zeroplane.container.resources';
const DELETION_GRACE = 'io.kubernetes.pod.deletionGracePeriod';
const TERMINATION_GRACE = 'io.kubernetes.pod.terminationGracePeriod';

export function podLabels(pod: Pod): Record<string, string> {
  return { ...pod.metadata?.labels, ...identityLabels(pod) };
}

export function containerLabels(pod: Pod, container: { name: string }): Record<string, string> {
  return { ...identityLabels(pod), [CONTAINER_NAME_LABEL]: container.name };
}

function identityLabels(pod: Pod): Record<string, string> {
  return {
    [POD_NAME_LABEL]: pod.metadata?.name ?? '',
    [POD_NAMESPACE_LABEL]: pod.metadata?.namespace ?? '',
    [POD_UID_LABEL]: pod.metadata?.uid ?? '',
  };
}

/** What is needed to account for a container, and to stop it, without its pod's object: after a restart of the agent. */
export function containerAnnotations(pod: Pod, container: Container, restartCount: number): Record<string, string> {
  const deletionGrace = pod.metadata?.deletionGracePeriodSeconds;
  const grace = pod.spec?.terminationGracePeriodSeconds;
  return {
    [HASH]: containerHash(container),
    [RESTART_COUNT]: String(restartCount),
    [RESOURCES]: resourcesText(container),
    [TERMINATION_MESSAGE_PATH]: container.terminationMessagePath ?? '',
    [TERMINATION_MESSAGE_POLICY]: container.terminationMessagePolicy ?? '',
    ...(deletionGrace === undefined ? {} : { [DELETION_GRACE]: String(deletionGrace) }),
    ...(grace === undefined ? {} : { [TERMINATION_GRACE]: String(grace) }),
    ...(container.lifecycle?.preStop ? { [PRE_STOP]: JSON.stringify(container.lifecycle.preStop) } : {}),
    ...(container.ports?.length ? { [PORTS]: JSON.stringify(container.ports) } : {}),
  };
}

/** Changes when the container must be replaced. Only the image may change in a running pod (KEP-4191's hash: name and image). */
export function containerHash(container: Pick<Container, 'name' | 'image'>): string {
  const picked = JSON.stringify({ name: container.name, image: container.image });
  return createHash('sha256').update(picked).digest('hex').slice(0, 8);
}

/** What of a container's resources can be changed while it runs. */
export function resourcesText({ resources }: Pick<Container, 'resources'>): string {
  const { requests, limits } = resources ?? {};
  return JSON.stringify([requests?.['cpu'], requests?.['memory'], limits?.['cpu'], limits?.['memory']]);
}

interface Annotated {
  annotations: Readonly<Record<string, string>>;
}

export const resourcesOf = ({ annotations }: Annotated): string | undefined => annotations[RESOURCES];

export const hashOf = ({ annotations }: Annotated): string | undefined => annotations[HASH];

export function restartCountOf(container: Annotated & { metadata: { attempt: number } }): number {
  const written = Number.parseInt(container.annotations[RESTART_COUNT] ?? '', 10);
  return Number.isNaN(written) ? container.metadata.attempt : written;
}

export function terminationMessageOf({ annotations }: Annotated): { path: string; policy: string } {
  return { path: annotations[TERMINATION_MESSAGE_PATH] ?? '', policy: annotations[TERMINATION_MESSAGE_POLICY] ?? '' };
}

/** Grace of a container whose pod's object is gone. */
export function gracePeriodOf({ annotations }: Annotated): number | undefined {
  const text = annotations[DELETION_GRACE] ?? annotations[TERMINATION_GRACE];
  return text === undefined ? undefined : Number.parseInt(text, 10);
}
