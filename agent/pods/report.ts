import type { Pod, PodStatus } from '../../lib/api/types.ts';
import { isAgentCondition } from '../status/conditions.ts';
import type { AgentView } from '../status/container-statuses.ts';
import { isFinalPhase } from '../status/phase.ts';
import { podStatus, type StatusInput } from '../status/pod-status.ts';
import type { PodEquipment } from './equipment.ts';

type Facts = Pick<StatusInput, 'runtime' | 'terminal' | 'gone' | 'ended' | 'rejected' | 'pendingResize'>;

/** Tells the API how one pod is. */
export class Report {
  readonly #equipment: PodEquipment;
  readonly #view: AgentView;
  #last: PodStatus | undefined;

  constructor(equipment: PodEquipment, view: Pick<AgentView, 'waiting' | 'starting'>) {
    const { prober } = equipment;
    this.#equipment = equipment;
    this.#view = { ...view, started: (id) => prober.started(id), ready: (id) => prober.ready(id) };
  }

  send(pod: Pod, facts: Facts): void {
    // Of a pod that has ended and whose records are gone nothing new is known.
    if (hasEnded(pod) && facts.runtime.containers.length === 0 && !pod.metadata?.deletionTimestamp) return;
    const { context, writer } = this.#equipment;
    this.#last = podStatus({
      ...facts,
      pod: { ...pod, status: this.#known(pod) },
      view: this.#view,
      hostIPs: context.config.nodeIPs,
      now: new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    });
    writer.set(pod, this.#last);
  }

  /** What we said last, though it may still be on its way, with what others say: times of transitions come from there. */
  #known(pod: Pod): PodStatus {
    const last = this.#last;
    if (!last) return pod.status ?? {};
    const foreign = (pod.status?.conditions ?? []).filter((one) => !isAgentCondition(one));
    const own = (last.conditions ?? []).filter(isAgentCondition);
    return { ...last, conditions: [...foreign, ...own] };
  }
}

export function hasEnded(pod: Pod | undefined): boolean {
  return isFinalPhase(pod?.status?.phase);
}
