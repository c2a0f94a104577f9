import type { Pod, PodSpec, Volume } from '../../../lib/api/types.ts';
import { containerRefusals } from './container-refusals.ts';
import { MAX_CPU, MAX_MEMORY, MAX_STORAGE_GIB, taskSize } from './sizes.ts';

/** Named by the ServiceAccount admission plugin; every pod has one that did not ask. */
const TOKEN_VOLUME = /^kube-api-access-/;

/** A cause by a fact of the pod. */
type Rule = readonly [(spec: PodSpec, pod: Pod) => unknown, string];

/** Source: "Task definition differences for Fargate" of the ECS developer guide, and what a task has no words for. */
const RULES: readonly Rule[] = [
  [(_, pod) => pod.metadata?.ownerReferences?.some(isDaemonSet), 'DaemonSets run on machines, of which there is none'],
  [({ os }) => os && os.name !== 'linux', 'os.name: only linux runs here'],
  [({ hostNetwork }) => hostNetwork, 'hostNetwork: there is no host'],
  [({ hostPID }) => hostPID, 'hostPID: there is no host'],
  [({ hostIPC }) => hostIPC, 'hostIPC: there is no host'],
  [({ hostUsers }) => hostUsers === false, 'hostUsers: false: tasks have no user namespaces'],
  [({ hostAliases }) => hostAliases?.length, 'hostAliases: /etc/hosts of a task cannot be written'],
  [({ hostname, subdomain }) => hostname || subdomain, 'hostname, subdomain: a task’s host name cannot be chosen'],
  [({ hostnameOverride }) => hostnameOverride, 'hostnameOverride: a task’s host name cannot be chosen'],
  [({ setHostnameAsFQDN }) => setHostnameAsFQDN, 'setHostnameAsFQDN: a task’s host name cannot be chosen'],
  [({ dnsConfig, dnsPolicy }) => dnsConfig || dnsPolicy === 'None', 'dnsConfig: tasks resolve through their VPC'],
  [({ runtimeClassName }) => runtimeClassName, 'runtimeClassName: there is one runtime'],
  [({ imagePullSecrets }) => imagePullSecrets?.length, 'imagePullSecrets: registries are signed in to by IAM only'],
  [({ resourceClaims }) => resourceClaims?.length, 'resourceClaims: there are no devices'],
  [
    endsApart,
    'restartPolicy: containers of a task end together; make all but one sidecars, or let them always restart',
  ],
  [({ securityContext }) => securityContext?.fsGroup !== undefined, 'securityContext.fsGroup: folders belong to root'],
  [({ securityContext }) => securityContext?.supplementalGroups?.length, 'securityContext.supplementalGroups'],
  [
    ({ securityContext }) =>
      securityContext?.sysctls?.some(({ name }) => !name.replaceAll('/', '.').startsWith('net.')),
    'securityContext.sysctls: only net.* may be set',
  ],
];

/** Everything that keeps the pod from running as a task; empty: nothing does. */
export function refusals(pod: Pod): string[] {
  const spec = pod.spec!;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return [
    ...RULES.filter(([applies]) => applies(spec, pod)).map(([, cause]) => cause),
    ...(spec.volumes ?? []).flatMap((volume) => volumeRefusal(volume)),
    ...containers.flatMap((container) =>
      containerRefusals(container, spec).map((cause) => `container ${container.name}: ${cause}`),
    ),
    ...(taskSize(spec)
      ? []
      : [`resources: a task has at most ${MAX_CPU} CPUs, ${MAX_MEMORY} and ${MAX_STORAGE_GIB}Gi`]),
  ];
}

function isDaemonSet({ kind, controller }: { kind: string; controller?: boolean | undefined }): boolean {
  return kind === 'DaemonSet' && controller === true;
}

/** With `Always` all are started again; otherwise one that ends would take the others with it. */
function endsApart({ containers, restartPolicy }: PodSpec): boolean {
  return containers.length > 1 && (restartPolicy === 'Never' || restartPolicy === 'OnFailure');
}

function volumeRefusal(volume: Volume): string[] {
  if (isTokenVolume(volume)) return [];
  const { name, emptyDir } = volume;
  const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
  if (!emptyDir && kind !== 'emptyDir') return [`volume ${name}: ${kind}: only emptyDir works here`];
  return emptyDir?.medium ? [`volume ${name}: emptyDir.medium=${emptyDir.medium}`] : [];
}

/** The pod’s token that nobody asked for is left out: the pod runs without it. */
export function isTokenVolume({ name, projected }: Pick<Volume, 'name' | 'projected'>): boolean {
  return projected !== undefined && TOKEN_VOLUME.test(name);
}
