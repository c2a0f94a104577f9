import type { Container, Pod } from '../../lib/api/types.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { WaitingReason } from '../status/container-statuses.ts';
import { BackoffBook } from './back-off.ts';
import type { ContainerEvents } from './container-events.ts';
import { podText } from './paths.ts';
import { findContainer, type RuntimePod } from './runtime-pod.ts';
import type { StartError } from './start-error.ts';

/** How long until what failed is tried again. Source: pod_workers.go backOffPeriod. */
export const RETRY_MS = 10_000;

/** Which containers of a pod wait to be started, why, and until when. */
export class Restarts {
  readonly #clock: Clock;
  readonly #events: (pod: Pod, containerName: string) => ContainerEvents;
  readonly #backoffs = new BackoffBook();
  readonly #waiting = new Map<string, WaitingReason & { retryAtMs: number }>();

  constructor(clock: Clock, events: (pod: Pod, containerName: string) => ContainerEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  waiting(name: string): WaitingReason | undefined {
    return this.#waiting.get(name);
  }

  get retryTimes(): number[] {
    return [...this.#waiting.values()].map(({ retryAtMs }) => retryAtMs);
  }

  mayStart(pod: Pod, runtime: RuntimePod, { name }: Container): boolean {
    const now = this.#clock.now();
    const last = findContainer(runtime, name);
    const retryAtMs = last?.state === 'EXITED' ? this.#backoffs.retryAt(name, last.finishedAtMs, now) : undefined;
    if (retryAtMs === undefined) return (this.#waiting.get(name)?.retryAtMs ?? 0) <= now;
    this.#backOff(pod, name, retryAtMs);
    return false;
  }

  /** The container is about to be started: should it fail again, it waits longer. */
  begin(runtime: RuntimePod, name: string): void {
    const last = findContainer(runtime, name);
    if (last?.state === 'EXITED') this.#backoffs.next(name, last.finishedAtMs, this.#clock.now());
  }

  succeeded(name: string): void {
    this.#waiting.delete(name);
  }

  failed(name: string, { reason, message, retryAtMs }: StartError): void {
    this.#waiting.set(name, { reason, message, retryAtMs: retryAtMs ?? this.#clock.now() + RETRY_MS });
  }

  #backOff(pod: Pod, name: string, retryAtMs: number): void {
    const wait = goSeconds(this.#backoffs.get(name)!.waitMs / 1000);
    const message = `back-off ${wait} restarting failed container=${name} pod=${podText(pod)}`;
    if (this.#waiting.get(name)?.message !== message)
      this.#events(pod, name).warning('BackOff', `Back-off restarting failed container ${name} in pod ${podText(pod)}`);
    this.#waiting.set(name, { reason: 'CrashLoopBackOff', message, retryAtMs });
  }
}

/** As Go prints whole seconds: 10s, 1m20s, 5m0s. */
export function goSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
