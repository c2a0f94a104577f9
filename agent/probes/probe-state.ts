import type { Probe } from '../../lib/api/types.ts';

export type ProbeType = 'liveness' | 'readiness' | 'startup';
export type ProbeResult = 'success' | 'failure' | 'unknown';

export interface ProbeState {
  /** What counts: changes only when a threshold is reached. */
  readonly result: ProbeResult;
  /** The latest outcome and how often it came in a row. */
  readonly last: 'success' | 'failure' | undefined;
  readonly run: number;
  /** Nothing more is asked of this container: it is being restarted, or has started. */
  readonly done: boolean;
}

/** Not ready until shown; alive until shown otherwise. Source: prober/worker.go initialValue. */
export function initialState(type: ProbeType): ProbeState {
  const result = type === 'readiness' ? 'failure' : type === 'liveness' ? 'success' : 'unknown';
  return { result, last: undefined, run: 0, done: false };
}

export const SUCCEEDED: ProbeState = { result: 'success', last: 'success', run: 1, done: false };

const DEFAULT_FAILURE_THRESHOLD = 3;

/** The state after one more outcome. Source: prober/worker.go doProbe. */
export function nextState(
  state: ProbeState,
  type: ProbeType,
  { failureThreshold = DEFAULT_FAILURE_THRESHOLD, successThreshold = 1 }: Probe,
  outcome: 'success' | 'failure',
): ProbeState {
  const run = state.last === outcome ? state.run + 1 : 1;
  const threshold = outcome === 'failure' ? failureThreshold : successThreshold;
  if (run < threshold) return { ...state, last: outcome, run };
  const done = type === 'startup' || (type === 'liveness' && outcome === 'failure');
  return { result: outcome, last: outcome, run, done };
}
