import { forbiddenField, invalidValue, required } from '../../../../lib/api/causes.ts';
import { httpHeaderName, portName, portNumber } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  Container,
  EphemeralContainer,
  GRPCAction,
  HTTPGetAction,
  IntOrString,
  Lifecycle,
  LifecycleHandler,
  Probe,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkNotNegative, checkOneOf, checkRequired } from '../check.ts';

/** Source: validateLivenessProbe, validateReadinessProbe and validateStartupProbe in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkProbes(
  causes: Cause[],
  container: Container | EphemeralContainer,
  graceSeconds: number | undefined,
  path: string,
): void {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (livenessProbe) checkSingleSuccessProbe(causes, livenessProbe, graceSeconds, `${path}.livenessProbe`);
  if (readinessProbe) {
    checkProbe(causes, readinessProbe, graceSeconds, `${path}.readinessProbe`);
    const seconds = readinessProbe.terminationGracePeriodSeconds;
    if (seconds !== undefined) {
      const field = `${path}.readinessProbe.terminationGracePeriodSeconds`;
      causes.push(invalidValue(field, seconds, 'must not be set for readinessProbes'));
    }
  }
  if (startupProbe) checkSingleSuccessProbe(causes, startupProbe, graceSeconds, `${path}.startupProbe`);
}

function checkSingleSuccessProbe(causes: Cause[], probe: Probe, graceSeconds: number | undefined, path: string): void {
  checkProbe(causes, probe, graceSeconds, path);
  if (probe.successThreshold !== 1) {
    causes.push(invalidValue(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
  }
}

const PROBE_NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function checkProbe(causes: Cause[], probe: Probe, graceSeconds: number | undefined, path: string): void {
  checkHandler(causes, probe, graceSeconds, path);
  for (const field of PROBE_NUMBERS) checkNotNegative(causes, `${path}.${field}`, probe[field]);
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined && seconds <= 0) {
    causes.push(invalidValue(`${path}.terminationGracePeriodSeconds`, seconds, 'must be greater than 0'));
  }
}

export function checkLifecycle(
  causes: Cause[],
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
  path: string,
): void {
  if (lifecycle?.postStart) checkHandler(causes, lifecycle.postStart, graceSeconds, `${path}.postStart`);
  if (lifecycle?.preStop) checkHandler(causes, lifecycle.preStop, graceSeconds, `${path}.preStop`);
}

type Handler = LifecycleHandler & { grpc?: GRPCAction | undefined };

const ACTIONS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

/** Source: validateHandler. */
function checkHandler(causes: Cause[], handler: Handler, graceSeconds: number | undefined, path: string): void {
  const given = ACTIONS.filter((action) => handler[action]);
  if (given.length === 0) causes.push(required(path, 'must specify a handler type'));
  given.forEach((action, i) => {
    const at = `${path}.${action}`;
    if (i > 0) causes.push(forbiddenField(at, 'may not specify more than 1 handler type'));
    else checkAction(causes, handler, action, graceSeconds, at);
  });
}

function checkAction(
  causes: Cause[],
  handler: Handler,
  action: (typeof ACTIONS)[number],
  graceSeconds: number | undefined,
  path: string,
): void {
  if (action === 'exec') checkRequired(causes, `${path}.command`, handler.exec!.command);
  else if (action === 'httpGet') checkHttpGet(causes, handler.httpGet!, path);
  else if (action === 'tcpSocket') checkPortNumberOrName(causes, handler.tcpSocket!.port, `${path}.port`);
  else if (action === 'grpc') checkPortNumberOrName(causes, handler.grpc!.port, `${path}.port`);
  else checkSleep(causes, handler.sleep!.seconds ?? 0, graceSeconds, path);
}

function checkSleep(causes: Cause[], seconds: number, graceSeconds: number | undefined, path: string): void {
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return;
  const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  causes.push(invalidValue(path, seconds, why));
}

function checkHttpGet(causes: Cause[], action: HTTPGetAction, path: string): void {
  checkRequired(causes, `${path}.path`, action.path);
  checkPortNumberOrName(causes, action.port, `${path}.port`);
  checkOneOf(causes, `${path}.scheme`, action.scheme, ['HTTP', 'HTTPS']);
  for (const header of action.httpHeaders ?? []) {
    checkFormat(causes, `${path}.httpHeaders`, header.name, httpHeaderName);
  }
}

/** Source: ValidatePortNumOrName. An absent port is the number 0. */
export function checkPortNumberOrName(causes: Cause[], port: IntOrString | undefined, field: string): void {
  if (typeof port === 'string') checkFormat(causes, field, port, portName);
  else for (const fault of portNumber(port ?? 0)) causes.push(invalidValue(field, port ?? 0, fault));
}
