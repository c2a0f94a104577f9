import type { Stored } from '../../../lib/api/object.ts';
import type {
  AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler,
  AutoscalingHorizontalPodAutoscalerStatus as Status,
} from '../../../lib/api/types.ts';
import { conditionOf } from '../conditions.ts';
import type { Bounded } from './behavior.ts';

/** The status in the making. */
export class Draft {
  readonly status: Status;
  readonly #time: string;

  constructor({ status, metadata }: Stored<HorizontalPodAutoscaler>, now: number) {
    this.#time = new Date(now).toISOString().replace(/\.\d+/, '');
    const conditions = [...(status?.conditions ?? [])];
    this.status = { desiredReplicas: 0, ...status, observedGeneration: metadata.generation, conditions };
  }

  able(reason: string, message: string): void {
    this.#set('AbleToScale', 'True', reason, message);
  }

  unable(reason: string, message: string): void {
    this.#set('AbleToScale', 'False', reason, message);
  }

  active(reason: string, message: string): void {
    this.#set('ScalingActive', 'True', reason, message);
  }

  inactive(reason: string, message: string): void {
    this.#set('ScalingActive', 'False', reason, message);
  }

  bounded({ stabilized, limited }: Bounded): void {
    this.able(stabilized.reason, stabilized.message);
    this.#set('ScalingLimited', limited.status, limited.reason, limited.message);
  }

  #set(type: string, status: string, reason: string, message: string): void {
    const conditions = this.status.conditions!;
    const old = conditionOf(conditions, type);
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : this.#time;
    const next = { type, status, lastTransitionTime, reason, message };
    if (old) conditions[conditions.indexOf(old)] = next;
    else conditions.push(next);
  }
}
