import type { Container, Pod } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import type { AgentContext } from '../context.ts';
import { graceSeconds, killContainer } from './kill-container.ts';
import { gracePeriodOf } from './labels.ts';
import type { Kill } from './plan.ts';
import { isRestartableInit } from './restart-policy.ts';
import { type RuntimeContainer, type RuntimePod, runningContainers } from './runtime-pod.ts';

/** The stops under way of one pod's containers. A stop that runs is only repeated to shorten its grace. */
export class Kills {
  readonly #context: AgentContext;
  readonly #recorder: EventRecorder;
  readonly #ended: () => void;
  /** By container id: when its grace is over. */
  readonly #running = new Map<string, number>();

  constructor(context: AgentContext, recorder: EventRecorder, ended: () => void) {
    this.#context = context;
    this.#recorder = recorder;
    this.#ended = ended;
  }

  get size(): number {
    return this.#running.size;
  }

  kill(pod: Pod, runtime: RuntimePod, { id, container, message, reason }: Kill): void {
    this.#begin(pod, runtime, container, id, message, graceSeconds(pod, container, reason));
  }

  /** Sidecars end after the others, the last one first (KEP-753). */
  killAll(pod: Pod, runtime: RuntimePod, message: string, grace?: number): void {
    const running = runningContainers(runtime);
    const sidecars = new Map(pod.spec?.initContainers?.filter(isRestartableInit).map((one, i) => [one.name, i]));
    const others = running.filter(({ name }) => !sidecars.has(name));
    const last = running.reduce((max, { name }) => Math.max(max, sidecars.get(name) ?? -1), -1);
    const turn = others.length > 0 ? others : running.filter(({ name }) => sidecars.get(name) === last);
    for (const instance of turn) {
      const container = specOf(pod, instance);
      this.#begin(pod, runtime, container, instance.id, message, grace ?? graceSeconds(pod, container));
    }
  }

  /** Containers of a pod that nobody knows: what they said themselves when they were made must do. */
  killOrphans(runtime: RuntimePod): void {
    for (const { id, annotations } of runningContainers(runtime)) {
      if (this.#running.has(id)) continue;
      const seconds = gracePeriodOf({ annotations }) ?? 0;
      this.#run(id, seconds, () => this.#context.runtime.stopContainer(id, seconds));
    }
  }

  #begin(pod: Pod, runtime: RuntimePod, container: Container, id: string, message: string, grace: number): void {
    const overAtMs = this.#context.clock.now() + grace * 1000;
    const running = this.#running.get(id);
    if (running !== undefined && running <= overAtMs) return;
    const podIP = runtime.sandboxes[0]?.ips[0] ?? this.#context.config.nodeIPs[0]!;
    const request = { pod, container, id, message, graceSeconds: grace, podIP };
    const { runtime: containers } = this.#context;
    const first = () => killContainer(this.#context, this.#recorder, request);
    this.#run(id, grace, running === undefined ? first : () => containers.stopContainer(id, grace));
  }

  #run(id: string, grace: number, act: () => Promise<void>): void {
    const overAtMs = this.#context.clock.now() + grace * 1000;
    this.#running.set(id, overAtMs);
    void act()
      .catch((error: unknown) => this.#context.log('cannot stop a container', { id, error }))
      .finally(() => {
        if (this.#running.get(id) === overAtMs) this.#running.delete(id);
        this.#ended();
      });
  }
}

function specOf(pod: Pod, { name, image }: RuntimeContainer): Container {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? { containers: [] };
  const all = [...containers, ...initContainers, ...(ephemeralContainers as Container[])];
  return all.find((container) => container.name === name) ?? { name, image };
}
