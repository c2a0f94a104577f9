import type { Container, ContainerStatus, PodSandbox, PodSandboxStatus, Runtime } from '../runtime-contract.ts';
import { POD_NAME_LABEL, POD_NAMESPACE_LABEL, POD_UID_LABEL, restartCountOf } from './labels.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';
import { terminationMessage } from './termination-message.ts';

/** A pod as a list of the runtime shows it: enough to see that something changed. */
export interface PodSummary {
  uid: string;
  namespace: string;
  name: string;
  /** Changes with any state of any container or sandbox. */
  signature: string;
}

/** Reads what the runtime has. What has exited does not change any more, and is asked for once. */
export class Observer {
  readonly #runtime: Runtime;
  readonly #exited = new Map<string, RuntimeContainer>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async pod(uid: string, namespace: string, name: string): Promise<RuntimePod> {
    const labels = { [POD_UID_LABEL]: uid };
    const [sandboxes, containers] = await Promise.all([
      this.#runtime.listPodSandboxes({ labels }),
      this.#runtime.listContainers({ labels }),
    ]);
    const [detailed, statuses] = await Promise.all([
      this.#sandboxes(sandboxes),
      Promise.all(containers.map((container) => this.#container(container))),
    ]);
    const present = statuses.filter((status) => status !== undefined).sort(newestFirst);
    return { uid, namespace, name, sandboxes: detailed, containers: present };
  }

  /** All pods of this node, for the regular look at what changed. */
  async summaries(): Promise<Map<string, PodSummary>> {
    const [sandboxes, containers] = await Promise.all([
      this.#runtime.listPodSandboxes(),
      this.#runtime.listContainers(),
    ]);
    this.#forgetAllBut(new Set(containers.map(({ id }) => id)));
    const states = new Map<string, { labels: Record<string, string>; parts: string[] }>();
    for (const { id, state, labels } of [...sandboxes, ...containers]) {
      const uid = labels[POD_UID_LABEL];
      if (!uid) continue;
      const entry = states.get(uid) ?? { labels, parts: [] };
      entry.parts.push(`${id}:${state}`);
      states.set(uid, entry);
    }
    return new Map([...states].map(([uid, { labels, parts }]) => [uid, summary(uid, labels, parts)]));
  }

  /** Only the newest sandbox's address matters. */
  async #sandboxes(list: PodSandbox[]): Promise<PodSandboxStatus[]> {
    const [newest, ...older] = list.sort(newerSandbox);
    const status = newest && (await this.#runtime.podSandboxStatus(newest.id));
    return [...(status ? [status] : []), ...older.map((sandbox) => ({ ...sandbox, ips: [] }))];
  }

  async #container({ id, state }: Container): Promise<RuntimeContainer | undefined> {
    const known = this.#exited.get(id);
    if (known && state === 'EXITED') return known;
    const status = await this.#runtime.containerStatus(id);
    if (!status) return undefined;
    const container = { ...status, name: status.metadata.name, restartCount: restartCountOf(status) };
    if (status.state !== 'EXITED') return container;
    const ended = { ...container, message: await fullMessage(status) };
    this.#exited.set(id, ended);
    return ended;
  }

  #forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#exited.keys()) if (!ids.has(id)) this.#exited.delete(id);
  }
}

/** Two of one millisecond are told apart by their attempts. */
function newerSandbox(a: PodSandbox, b: PodSandbox): number {
  return b.createdAtMs - a.createdAtMs || b.metadata.attempt - a.metadata.attempt;
}

function newestFirst(a: RuntimeContainer, b: RuntimeContainer): number {
  return b.createdAtMs - a.createdAtMs || b.restartCount - a.restartCount;
}

/** What the runtime says, then what the container left. */
async function fullMessage(status: ContainerStatus): Promise<string> {
  const words = await terminationMessage(status);
  return [status.message, words].filter(Boolean).join(': ');
}

function summary(uid: string, labels: Record<string, string>, parts: string[]): PodSummary {
  return {
    uid,
    namespace: labels[POD_NAMESPACE_LABEL] ?? '',
    name: labels[POD_NAME_LABEL] ?? '',
    signature: parts.sort().join(' '),
  };
}
