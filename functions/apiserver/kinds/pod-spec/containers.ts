import {
  duplicateValue,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
  tooMany,
} from '../../../../lib/api/causes.ts';
import { dns1123Label, portName, portNumber } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  Container,
  ContainerPort,
  ContainerResizePolicy,
  EphemeralContainer,
  PodSpec,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired, checkRequiredOneOf } from '../check.ts';
import { checkEnv, checkEnvFrom } from './env.ts';
import { checkLifecycle, checkProbes } from './probes.ts';
import { checkRequirements } from './resources.ts';
import { checkSecurityContext } from './security-context.ts';
import { checkVolumeDevices, checkVolumeMounts } from './volume-mounts.ts';
import { PULL_POLICIES, type Volumes } from './volumes.ts';

/** What a container is checked against. */
export interface PodContext {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  readonly claims: ReadonlySet<string>;
}

/** Source: validateContainers in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkContainers(causes: Cause[], pod: PodContext, path: string): void {
  const containers = pod.spec.containers ?? [];
  if (!checkRequired(causes, path, containers)) return;
  const names = new Set<string>();
  containers.forEach((container, i) => {
    const at = `${path}[${i}]`;
    checkContainer(causes, container, pod, at);
    if (names.has(container.name)) causes.push(duplicateValue(`${at}.name`, container.name));
    names.add(container.name);
    checkLifecycle(causes, container.lifecycle, pod.spec.terminationGracePeriodSeconds, `${at}.lifecycle`);
    checkProbes(causes, container, pod.spec.terminationGracePeriodSeconds, at);
    checkRestartPolicy(causes, container, at);
  });
  checkHostPortConflicts(causes, containers, path);
}

/** Source: validateInitContainers. Those that restart always are sidecars. */
export function checkInitContainers(causes: Cause[], pod: PodContext, path: string): void {
  const names = new Set(pod.spec.containers?.map(({ name }) => name));
  pod.spec.initContainers?.forEach((container, i) => {
    const at = `${path}[${i}]`;
    checkContainer(causes, container, pod, at);
    checkRestartPolicy(causes, container, at);
    if (names.has(container.name)) causes.push(duplicateValue(`${at}.name`, container.name));
    if (container.name) names.add(container.name);
    checkHostPortConflicts(causes, [container], path);
    if (container.restartPolicy === 'Always') {
      checkLifecycle(causes, container.lifecycle, pod.spec.terminationGracePeriodSeconds, `${at}.lifecycle`);
      checkProbes(causes, container, pod.spec.terminationGracePeriodSeconds, at);
    } else checkPlainInitContainer(causes, container, at);
  });
}

const SIDECAR_FIELDS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function checkPlainInitContainer(causes: Cause[], container: Container, path: string): void {
  for (const field of SIDECAR_FIELDS) {
    if (!container[field]) continue;
    causes.push(forbiddenField(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always'));
  }
  container.resizePolicy?.forEach(({ restartPolicy }, i) => {
    if (restartPolicy !== 'RestartContainer') return;
    const why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    causes.push(invalidValue(`${path}.resizePolicy[${i}].restartPolicy`, restartPolicy, why));
  });
}

/** Ephemeral containers may not hold ports, resources or anything that would change the pod's life. */
const NOT_FOR_EPHEMERAL = [
  'ports',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const;

/** Source: validateEphemeralContainers. */
export function checkEphemeralContainers(causes: Cause[], pod: PodContext, path: string): void {
  const others = new Set([...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])].map(({ name }) => name));
  const names = new Set(others);
  pod.spec.ephemeralContainers?.forEach((container, i) => {
    const at = `${path}[${i}]`;
    checkContainer(causes, container, pod, at);
    checkImageWhitespace(causes, container, at);
    if (names.has(container.name)) causes.push(duplicateValue(`${at}.name`, container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) causes.push(notFoundValue(`${at}.targetContainerName`, target));
    checkEphemeralFields(causes, container, at);
  });
}

function checkEphemeralFields(causes: Cause[], container: EphemeralContainer, path: string): void {
  const why = 'cannot be set for an Ephemeral Container';
  for (const field of NOT_FOR_EPHEMERAL) {
    const value: unknown = container[field];
    if (value && Object.keys(value).length > 0) causes.push(forbiddenField(`${path}.${field}`, why));
  }
  container.volumeMounts?.forEach((mount, i) => {
    for (const field of ['subPath', 'subPathExpr'] as const) {
      if (mount[field]) causes.push(forbiddenField(`${path}.volumeMounts[${i}].${field}`, why));
    }
  });
}

/** Source: validateContainerCommon. */
function checkContainer(
  causes: Cause[],
  container: Container | EphemeralContainer,
  pod: PodContext,
  path: string,
): void {
  if (checkRequired(causes, `${path}.name`, container.name)) {
    checkFormat(causes, `${path}.name`, container.name, dns1123Label);
  }
  checkRequired(causes, `${path}.image`, container.image);
  const policy = container.terminationMessagePolicy;
  checkRequiredOneOf(causes, `${path}.terminationMessagePolicy`, policy, ['File', 'FallbackToLogsOnError']);
  checkPorts(causes, container.ports, `${path}.ports`);
  checkEnv(causes, container.env, `${path}.env`);
  checkEnvFrom(causes, container.envFrom, `${path}.envFrom`);
  checkVolumeMounts(causes, container, pod.volumes, `${path}.volumeMounts`);
  checkVolumeDevices(causes, container, pod.volumes, `${path}.volumeDevices`);
  checkRequiredOneOf(causes, `${path}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES);
  checkRequirements(causes, container.resources, `${path}.resources`, pod.claims);
  checkResizePolicy(causes, container.resizePolicy, pod.spec.restartPolicy, `${path}.resizePolicy`);
  checkSecurityContext(causes, container.securityContext, pod.spec, `${path}.securityContext`);
}

/** Only Pods are held to it: templates never were. */
export function checkImageWhitespace(
  causes: Cause[],
  { image = '' }: { image?: string | undefined },
  path: string,
): void {
  if (image.trim() === image) return;
  causes.push(invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace'));
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function checkPorts(causes: Cause[], ports: ContainerPort[] | undefined, path: string): void {
  const names = new Set<string>();
  ports?.forEach((port, i) => {
    const at = `${path}[${i}]`;
    if (port.name) checkPortName(causes, port.name, names, `${at}.name`);
    if (!port.containerPort) causes.push(required(`${at}.containerPort`));
    else checkPortNumber(causes, port.containerPort, `${at}.containerPort`);
    if (port.hostPort) checkPortNumber(causes, port.hostPort, `${at}.hostPort`);
    checkRequiredOneOf(causes, `${at}.protocol`, port.protocol, PROTOCOLS);
  });
}

function checkPortName(causes: Cause[], name: string, names: Set<string>, field: string): void {
  const before = causes.length;
  checkFormat(causes, field, name, portName);
  if (causes.length > before) return;
  if (names.has(name)) causes.push(duplicateValue(field, name));
  names.add(name);
}

export function checkPortNumber(causes: Cause[], port: number, field: string): void {
  for (const fault of portNumber(port)) causes.push(invalidValue(field, port, fault));
}

function checkHostPortConflicts(causes: Cause[], containers: Container[], path: string): void {
  const taken = new Set<string>();
  containers.forEach(({ ports }, i) => {
    ports?.forEach(({ hostPort, hostIP = '', protocol }, j) => {
      if (!hostPort) return;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) causes.push(duplicateValue(`${path}[${i}].ports[${j}].hostPort`, key));
      taken.add(key);
    });
  });
}

function checkResizePolicy(
  causes: Cause[],
  policies: ContainerResizePolicy[] | undefined,
  podRestartPolicy: string | undefined,
  path: string,
): void {
  const seen = new Set<string>();
  policies?.forEach(({ resourceName, restartPolicy }, i) => {
    if (seen.has(resourceName)) causes.push(duplicateValue(`${path}[${i}]`, resourceName));
    seen.add(resourceName);
    checkRequiredOneOf(causes, path, resourceName, ['cpu', 'memory']);
    checkRequiredOneOf(causes, path, restartPolicy, ['NotRequired', 'RestartContainer']);
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      causes.push(invalidValue(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  });
}

const CONTAINER_RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const RESTART_RULES_MAX = 20;
const EXIT_CODES_MAX = 255;

/** Source: validateContainerRestartPolicy. */
function checkRestartPolicy(
  causes: Cause[],
  { restartPolicy, restartPolicyRules: rules = [] }: Container,
  path: string,
): void {
  if (restartPolicy !== undefined) {
    checkOneOf(causes, `${path}.restartPolicy`, restartPolicy, CONTAINER_RESTART_POLICIES);
  } else if (rules.length > 0) {
    causes.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  }
  if (rules.length > RESTART_RULES_MAX) {
    causes.push(tooMany(`${path}.restartPolicyRules`, rules.length, RESTART_RULES_MAX));
  }
  rules.forEach(({ action, exitCodes }, i) => {
    const at = `${path}.restartPolicyRules[${i}]`;
    if (action !== 'Restart' && action !== 'RestartAllContainers') {
      causes.push(notSupported(`${at}.action`, action, ['Restart', 'RestartAllContainers']));
    }
    if (!exitCodes) {
      causes.push(required(`${at}.exitCodes`, 'must be specified'));
      return;
    }
    checkOneOf(causes, `${at}.exitCodes.operator`, exitCodes.operator, ['In', 'NotIn']);
    const codes = exitCodes.values?.length ?? 0;
    if (codes > EXIT_CODES_MAX) causes.push(tooMany(`${at}.exitCodes.values`, codes, EXIT_CODES_MAX));
  });
}
