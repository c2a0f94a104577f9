import type { HorizontalPodAutoscalerBehavior, HPAScalingPolicy, HPAScalingRules } from '../../../lib/api/types.ts';

export interface Recommendation {
  atMs: number;
  replicas: number;
}

/** A change of the scale: replicas added, or taken away where negative. */
export interface ScaleEvent {
  atMs: number;
  change: number;
}

/** What an autoscaler remembers of its own past. Lost with the process, as kube-controller-manager's is: then it is careful anew. */
export interface History {
  recommendations: Recommendation[];
  events: ScaleEvent[];
}

export interface Asked {
  current: number;
  desired: number;
  min: number;
  max: number;
  behavior: HorizontalPodAutoscalerBehavior | undefined;
}

/** How a wish was bounded, in the words of the conditions. */
export interface Bounded {
  replicas: number;
  /** AbleToScale's reason and message. */
  stabilized: Reason;
  /** ScalingLimited. */
  limited: Reason & { status: 'True' | 'False' };
}

export interface Reason {
  reason: string;
  message: string;
}

/** kube-controller-manager's --horizontal-pod-autoscaler-downscale-stabilization. */
const DOWNSCALE_STABILIZATION_MS = 300_000;
/** Without a behavior a scale at most doubles at a time, or reaches four. */
const SCALE_UP_FACTOR = 2;
const SCALE_UP_MINIMUM = 4;

/** The defaults of what a behavior leaves out. Source: pkg/apis/autoscaling/v2/defaults.go. */
const SCALE_UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const SCALE_DOWN: HPAScalingRules = {
  stabilizationWindowSeconds: DOWNSCALE_STABILIZATION_MS / 1000,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

const READY: Reason = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const DOWN_STABILIZED: Reason = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const UP_STABILIZED: Reason = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const WITHIN = limited('False', 'DesiredWithinRange', 'the desired count is within the acceptable range');

/** What the scale becomes, as stabilization, rates and bounds allow. Source: pkg/controller/podautoscaler/horizontal.go. */
export function bound(asked: Asked, history: History, now: number): Bounded {
  const up = { ...SCALE_UP, ...asked.behavior?.scaleUp };
  const down = { ...SCALE_DOWN, ...asked.behavior?.scaleDown };
  const stable = stabilize(asked, history, up, down, now);
  history.recommendations = [...history.recommendations, { atMs: now, replicas: asked.desired }].filter(
    ({ atMs }) => now - atMs <= 1000 * Math.max(up.stabilizationWindowSeconds!, down.stabilizationWindowSeconds!),
  );
  const stabilized =
    stable === asked.desired ? READY : asked.desired >= asked.current ? UP_STABILIZED : DOWN_STABILIZED;
  const wish = { ...asked, desired: stable };
  const { replicas, limited: why } = asked.behavior ? byRules(wish, history, up, down, now) : byDoubling(wish);
  return { replicas, stabilized, limited: why };
}

/** Up to no more than the least that was recommended within its window, down to no less than the most within the other. */
function stabilize(
  { current, desired }: Asked,
  { recommendations }: History,
  up: HPAScalingRules,
  down: HPAScalingRules,
  now: number,
): number {
  const within = (rules: HPAScalingRules) => {
    const sinceMs = now - 1000 * rules.stabilizationWindowSeconds!;
    return recommendations.filter(({ atMs }) => atMs > sinceMs).map(({ replicas }) => replicas);
  };
  const least = Math.min(desired, ...within(up));
  const most = Math.max(desired, ...within(down));
  return Math.min(Math.max(current, least), most);
}

function byDoubling({ current, desired, min, max }: Asked): Omit<Bounded, 'stabilized'> {
  if (desired < min) return { replicas: min, limited: tooFew() };
  const fastest = Math.max(SCALE_UP_FACTOR * current, SCALE_UP_MINIMUM);
  if (desired > Math.min(fastest, max)) {
    return fastest < max
      ? { replicas: fastest, limited: rate('Up', 'increasing') }
      : { replicas: max, limited: tooMany() };
  }
  return { replicas: desired, limited: WITHIN };
}

function byRules(
  { current, desired, min, max }: Asked,
  { events }: History,
  up: HPAScalingRules,
  down: HPAScalingRules,
  now: number,
): Omit<Bounded, 'stabilized'> {
  if (desired > current) {
    const fastest = Math.max(current, upLimit(current, events, up, now));
    if (desired <= Math.min(fastest, max)) return { replicas: Math.max(desired, min), limited: WITHIN };
    return fastest < max
      ? { replicas: fastest, limited: rate('Up', 'increasing') }
      : { replicas: max, limited: tooMany() };
  }
  if (desired < current) {
    const fastest = Math.min(current, downLimit(current, events, down, now));
    if (desired >= Math.max(fastest, min)) return { replicas: Math.min(desired, max), limited: WITHIN };
    return fastest > min
      ? { replicas: fastest, limited: rate('Down', 'decreasing') }
      : { replicas: min, limited: tooFew() };
  }
  return { replicas: desired, limited: WITHIN };
}

function upLimit(current: number, events: readonly ScaleEvent[], rules: HPAScalingRules, now: number): number {
  const limits = rules.policies!.map((policy) => {
    const start = startOfPeriod(current, events, policy, now);
    return policy.type === 'Pods' ? start + policy.value : Math.ceil(start * (1 + policy.value / 100));
  });
  if (rules.selectPolicy === 'Disabled') return current;
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(current: number, events: readonly ScaleEvent[], rules: HPAScalingRules, now: number): number {
  const limits = rules.policies!.map((policy) => {
    const start = startOfPeriod(current, events, policy, now);
    return policy.type === 'Pods' ? start - policy.value : Math.trunc(start * (1 - policy.value / 100));
  });
  if (rules.selectPolicy === 'Disabled') return current;
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

function startOfPeriod(current: number, events: readonly ScaleEvent[], policy: HPAScalingPolicy, now: number): number {
  const sinceMs = now - 1000 * policy.periodSeconds;
  return events.filter(({ atMs }) => atMs > sinceMs).reduce((start, { change }) => start - change, current);
}

function tooFew() {
  return limited('True', 'TooFewReplicas', 'the desired replica count is less than the minimum replica count');
}

function tooMany() {
  return limited('True', 'TooManyReplicas', 'the desired replica count is more than the maximum replica count');
}

function rate(direction: 'Up' | 'Down', verb: string) {
  const message = `the desired replica count is ${verb} faster than the maximum scale rate`;
  return limited('True', `Scale${direction}Limit`, message);
}

function limited(status: 'True' | 'False', reason: string, message: string): Bounded['limited'] {
  return { status, reason, message };
}
