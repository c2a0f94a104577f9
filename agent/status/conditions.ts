import type { ContainerStatus, Pod, PodCondition } from '../../lib/api/types.ts';
import { isRestartableInit } from '../pods/restart-policy.ts';
import type { RuntimePod } from '../pods/runtime-pod.ts';
import { sandboxChanged } from '../pods/sandbox-changed.ts';
import type { Phase } from './phase.ts';

type Draft = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The conditions that are the agent's; all others are somebody else's and stay as they are. */
const AGENT_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  'PodResizePending',
  'PodResizeInProgress',
]);

/** Why the agent disrupts a pod; others have reasons of their own. */
export const TERMINATION_BY_KUBELET = 'TerminationByKubelet';

export function isAgentCondition({ type, reason }: Pick<PodCondition, 'type' | 'reason'>): boolean {
  return AGENT_CONDITIONS.has(type) || (type === 'DisruptionTarget' && reason === TERMINATION_BY_KUBELET);
}

/** Source: pkg/kubelet/status/generate.go. */
export function podConditions(
  pod: Pod,
  runtime: RuntimePod,
  statuses: readonly ContainerStatus[],
  phase: Phase,
): Draft[] {
  const containersReady = containersReadyCondition(pod, statuses, phase);
  return [
    readyToStart(pod, runtime),
    initialized(pod, statuses, phase),
    podReady(pod, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
}

function readyToStart(pod: Pod, runtime: RuntimePod): Draft {
  const sandbox = sandboxChanged(pod, runtime);
  const type = 'PodReadyToStartContainers';
  if (!sandbox.changed) return { type, status: 'True' };
  return { type, status: 'False', reason: 'PodSandboxNotReady', message: sandbox.reason };
}

function initialized(pod: Pod, statuses: readonly ContainerStatus[], phase: Phase): Draft {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  const regular = new Set(pod.spec?.containers.map(({ name }) => name));
  const begun = statuses.some(({ name, state, lastState }) => regular.has(name) && hasRun(state, lastState));
  if (begun) return { type, status: 'True' };
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of pod.spec?.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name);
    const done = isRestartableInit(container) ? status?.started : status?.ready;
    if (!status) unknown.push(container.name);
    else if (!done) incomplete.push(container.name);
  }
  const message = listing([
    ['unknown', unknown],
    ['incomplete', incomplete],
  ]);
  return message ? { type, status: 'False', reason: 'ContainersNotInitialized', message } : { type, status: 'True' };
}

function hasRun(state: ContainerStatus['state'], lastState: ContainerStatus['lastState']): boolean {
  return Boolean(state?.running || state?.terminated || lastState?.terminated);
}

function containersReadyCondition(pod: Pod, statuses: readonly ContainerStatus[], phase: Phase): Draft {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const sidecars = (pod.spec?.initContainers ?? []).filter(isRestartableInit);
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const { name } of [...sidecars, ...(pod.spec?.containers ?? [])]) {
    const status = statuses.find((one) => one.name === name);
    if (!status) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  const message = listing([
    ['unknown', unknown],
    ['unready', unready],
  ]);
  return message ? { type, status: 'False', reason: 'ContainersNotReady', message } : { type, status: 'True' };
}

/** As Go prints a list of strings: [a b]. */
function listing(groups: readonly (readonly [string, readonly string[]])[]): string {
  return groups
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `containers with ${word} status: [${names.join(' ')}]`)
    .join(', ');
}

function podReady(pod: Pod, containersReady: Draft): Draft {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (messages.length === 0) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

/** Dates the drafts: a transition is a change of `status`. Conditions of others are kept. */
export function mergeConditions(pod: Pod, drafts: readonly Draft[], now: string): PodCondition[] {
  const old = pod.status?.conditions ?? [];
  const generation = pod.metadata?.generation;
  const foreign = old.filter((one) => !isAgentCondition(one) && !drafts.some(({ type }) => type === one.type));
  const own = drafts.map((draft): PodCondition => {
    const before = old.find(({ type }) => type === draft.type);
    const unchanged = before?.status === draft.status && before.lastTransitionTime;
    return {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastProbeTime: null as never,
      lastTransitionTime: unchanged ? before.lastTransitionTime : now,
      ...draft,
    };
  });
  return [...foreign, ...own];
}
