import type { Container, PodSpec, Probe } from '../../../lib/api/types.ts';

/** What may be asked for; anything else is a device of a machine. */
const RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** Source: KernelCapabilities of the ECS API reference: the only one that Fargate adds. */
const ADDABLE = new Set(['SYS_PTRACE']);
/** Known only once the task runs. */
const UNKNOWN_FIELDS = new Set(['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs']);

type Rule = readonly [(container: Container, spec: PodSpec) => unknown, string];

const RULES: readonly Rule[] = [
  [({ securityContext }) => securityContext?.privileged, 'securityContext.privileged'],
  [({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default', 'securityContext.procMount'],
  [(container, spec) => settings(container, spec).seccompProfile?.type === 'Localhost', 'seccompProfile of a host'],
  [(container, spec) => isConfined(settings(container, spec).appArmorProfile?.type), 'appArmorProfile'],
  [(container, spec) => maybeRoot(container, spec), 'securityContext.runAsNonRoot needs runAsUser, and not 0'],
  [({ imagePullPolicy }) => imagePullPolicy === 'Never', 'imagePullPolicy=Never: no image is there before'],
  [({ lifecycle }) => lifecycle?.postStart || lifecycle?.preStop, 'lifecycle: nothing can be run inside a task'],
  [({ volumeDevices }) => volumeDevices?.length, 'volumeDevices'],
  [({ volumeMounts }) => volumeMounts?.some(({ subPath, subPathExpr }) => subPath || subPathExpr), 'subPath'],
  [
    ({ volumeMounts }) => volumeMounts?.some(({ mountPropagation = 'None' }) => mountPropagation !== 'None'),
    'mountPropagation',
  ],
  [({ ports }) => ports?.some(({ hostPort }) => hostPort), 'hostPort: there is no host'],
  [({ ports }) => ports?.some(({ protocol }) => protocol === 'SCTP'), 'ports: SCTP'],
  [
    ({ env }) => env?.some(({ valueFrom }) => UNKNOWN_FIELDS.has(valueFrom?.fieldRef?.fieldPath ?? '')),
    'env: addresses are known only once the task runs',
  ],
  [({ env }) => env?.some(({ valueFrom }) => valueFrom && 'fileKeyRef' in valueFrom), 'env: fileKeyRef'],
  [(container) => probes(container).some((probe) => !probe.exec), 'probes: only exec; nobody asks over the network'],
  [
    (container) => new Set(probes(container).map(({ exec }) => JSON.stringify(exec?.command))).size > 1,
    'probes: all must run one command',
  ],
];

/** What of a container a task cannot do. */
export function containerRefusals(container: Container, spec: PodSpec): string[] {
  const { requests, limits } = container.resources ?? {};
  const resources = new Set(Object.keys({ ...requests, ...limits }).filter((name) => !RESOURCES.has(name)));
  const added = container.securityContext?.capabilities?.add ?? [];
  const capabilities = added.filter((name) => !ADDABLE.has(name.replace(/^CAP_/, '')));
  return [
    ...RULES.filter(([applies]) => applies(container, spec)).map(([, cause]) => cause),
    ...[...resources].map((name) => `resource ${name}`),
    ...(capabilities.length ? [`capabilities: ${capabilities.join(', ')}: only SYS_PTRACE can be added`] : []),
  ];
}

export function probes({ livenessProbe, readinessProbe, startupProbe }: Container): Probe[] {
  return [livenessProbe, readinessProbe, startupProbe].filter((probe) => probe !== undefined);
}

/** A container's own settings, or the pod's. */
export function settings({ securityContext }: Container, spec: PodSpec) {
  return { ...spec.securityContext, ...securityContext };
}

function isConfined(type: string | undefined): boolean {
  return type !== undefined && type !== 'Unconfined';
}

/** As whom an image runs is not known before it runs. */
function maybeRoot(container: Container, spec: PodSpec): boolean {
  const { runAsNonRoot, runAsUser } = settings(container, spec);
  return runAsNonRoot === true && !runAsUser;
}
