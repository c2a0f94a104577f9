import type { Container, Pod } from '../../lib/api/types.ts';
import { podRequests, type Refusal } from './admission.ts';
import { podReference } from './container-events.ts';
import type { PodEquipment } from './equipment.ts';
import type { Kills } from './kills.ts';
import { resourcesOf, resourcesText } from './labels.ts';
import type { Kill } from './plan.ts';
import { containerResources, type NodeFacts } from './resources.ts';
import { isRestartableInit } from './restart-policy.ts';
import { RETRY_MS } from './restarts.ts';
import { findContainer, type RuntimeContainer, type RuntimePod } from './runtime-pod.ts';

/** requests.cpu, requests.memory, limits.cpu, limits.memory */
const RESOURCE_AT = ['cpu', 'memory', 'cpu', 'memory'];

interface Resize {
  container: Container;
  instance: RuntimeContainer;
  /** The container asked to be restarted when this resource changes. */
  restart: boolean;
}

/** In-place changes of resources of one pod's containers: at once, after a restart of the container, or not yet (KEP-1287). */
export class Resizes {
  readonly #equipment: PodEquipment;
  readonly #kills: Kills;
  /** What was given to a container since it was made, by its id. */
  readonly #given = new Map<string, string>();
  #pending: PendingResize | undefined;
  #retryAtMs = 0;

  constructor(equipment: PodEquipment, kills: Kills) {
    this.#equipment = equipment;
    this.#kills = kills;
  }

  get pending(): PendingResize | undefined {
    return this.#pending;
  }

  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  async sync(pod: Pod, runtime: RuntimePod): Promise<void> {
    const { context, node, recorder } = this.#equipment;
    const due = this.#due(pod, runtime);
    const refused = due.length > 0 ? this.#equipment.refusal(pod) : undefined;
    this.#pending = refused && pendingResize(pod, refused, node);
    if (due.length === 0 || refused || this.#kills.size > 0 || context.clock.now() < this.#retryAtMs) return;
    try {
      await this.#carryOut(pod, runtime, due);
      recorder.normal(podReference(pod), 'ResizeCompleted', 'Pod resize completed');
    } catch (error) {
      this.#retryAtMs = context.clock.now() + RETRY_MS;
      recorder.warning(podReference(pod), 'ResizeError', `Pod resize error: ${(error as Error).message}`);
    }
  }

  /** What holds all containers must be wide enough before, and may be narrowed after. */
  async #carryOut(pod: Pod, runtime: RuntimePod, due: readonly Resize[]): Promise<void> {
    await this.#equipment.cgroups.setUp(pod);
    for (const resize of due) {
      if (resize.restart) this.#kills.kill(pod, runtime, restartToResize(resize));
      else await this.#apply(pod, resize);
    }
    await this.#equipment.cgroups.setUp(pod);
  }

  async #apply(pod: Pod, { container, instance }: Resize): Promise<void> {
    const { context, node } = this.#equipment;
    const { oomScoreAdj: _unchangeable, ...resources } = containerResources(pod, container, node);
    await context.runtime.updateContainerResources(instance.id, resources);
    this.#given.set(instance.id, resourcesText(container));
  }

  #due(pod: Pod, runtime: RuntimePod): Resize[] {
    const { containers = [], initContainers = [] } = pod.spec ?? { containers: [] };
    return [...initContainers.filter(isRestartableInit), ...containers].flatMap((container) => {
      const instance = findContainer(runtime, container.name);
      if (instance?.state !== 'RUNNING') return [];
      const before = this.#given.get(instance.id) ?? resourcesOf(instance);
      const wanted = resourcesText(container);
      if (before === undefined || before === wanted) return [];
      return [{ container, instance, restart: needsRestart(container, before, wanted) }];
    });
  }
}

function needsRestart({ resizePolicy = [] }: Container, before: string, wanted: string): boolean {
  const [old, now] = [JSON.parse(before), JSON.parse(wanted)] as (string | null)[][];
  const changed = new Set(RESOURCE_AT.filter((_, i) => old?.[i] !== now?.[i]));
  return resizePolicy.some((policy) => policy.restartPolicy === 'RestartContainer' && changed.has(policy.resourceName));
}

/** A resize for which the node has no room: `Deferred` until others make room, `Infeasible` if they never could. */
export interface PendingResize {
  reason: 'Deferred' | 'Infeasible';
  message: string;
}

function pendingResize(pod: Pod, { message }: Refusal, { memoryBytes, milliCpus }: NodeFacts): PendingResize {
  const { cpu = 0n, memory = 0n } = podRequests(pod);
  const [memoryCapacity, cpuCapacity] = [BigInt(memoryBytes), BigInt(milliCpus)];
  if (memory > memoryCapacity) return infeasible('memory', memory, memoryCapacity);
  if (cpu > cpuCapacity) return infeasible('cpu', cpu, cpuCapacity);
  return { reason: 'Deferred', message };
}

/** Source: pkg/kubelet/allocation/allocation_manager.go canResizePod. */
function infeasible(name: string, requested: bigint, capacity: bigint): PendingResize {
  const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
  return { reason: 'Infeasible', message };
}

function restartToResize({ container, instance }: Resize): Kill {
  const message = `Container ${container.name} resize requires restart`;
  return { id: instance.id, container, message, reason: 'resize' };
}
