import { NoCapacity } from '../../lib/cloud/instances.ts';
import { RefusedTask, type RunContainer, type RunRequest, type Task, type Tasks } from '../../lib/cloud/tasks.ts';
import type { Clock } from '../../lib/runtime/clock.ts';

/** A cloud that runs no container: tests say what becomes of its tasks. Idempotent by pod and attempt, as ECS by token. */
export class FakeTasks implements Tasks {
  readonly requests: RunRequest[] = [];
  /** Runs succeed, but the caller never learns of so many. */
  lostReplies = 0;
  full = false;
  refuses: string | undefined;
  readonly forgotten: string[] = [];
  readonly #clock: Clock;
  readonly #tasks = new Map<string, Task>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get all(): Task[] {
    return [...this.#tasks.values()];
  }

  async run(request: RunRequest): Promise<Task> {
    const { owner, spec } = request;
    const known = this.all.find(({ owner: one }) => one.uid === owner.uid && one.attempt === owner.attempt);
    if (known) return known;
    if (this.full) throw new NoCapacity('Capacity is unavailable at this time');
    if (this.refuses) throw new RefusedTask(this.refuses);
    this.requests.push(request);
    const id = `task-${this.#tasks.size}`;
    const containers = spec.containers.map(({ name, image }) => container(name, image));
    const task: Task = {
      id,
      owner,
      state: 'starting',
      ips: [`10.1.0.${this.#tasks.size + 1}`],
      createdAtMs: this.#clock.now(),
      failedToStart: false,
      stoppedReason: '',
      containers,
    };
    this.#tasks.set(id, task);
    if (this.lostReplies-- > 0) throw new Error('the connection was reset');
    return task;
  }

  async describe(ids: readonly string[]): Promise<readonly Task[]> {
    return this.all.filter(({ id }) => ids.includes(id));
  }

  async ofPod(uid: string): Promise<readonly Task[]> {
    return this.all.filter(({ owner }) => owner.uid === uid);
  }

  async alive(): Promise<readonly Task[]> {
    return this.all.filter(({ state }) => state !== 'stopped');
  }

  async stop(id: string, reason: string): Promise<void> {
    const task = this.#tasks.get(id);
    if (task && task.state !== 'stopped') this.#set({ ...task, state: 'stopping', stoppedReason: reason });
  }

  async forget(uid: string): Promise<void> {
    this.forgotten.push(uid);
  }

  /** Every task that is on its way gets there; those that are to stop do, killed. */
  settle(): void {
    for (const task of this.all) {
      if (task.state === 'starting') this.start(task);
      if (task.state === 'stopping') this.end(task, 143);
    }
  }

  start(task: Task): void {
    const containers = task.containers.map(
      (one): RunContainer => ({ ...one, id: `${task.id}-${one.name}`, state: 'running' }),
    );
    this.#set({ ...task, state: 'running', startedAtMs: this.#clock.now(), containers });
  }

  /** All its containers end with the same code, or each with its own; one that has none never ran. */
  end(task: Task, codes: number | Record<string, number>, reason = ''): void {
    const containers = task.containers.map((one): RunContainer => {
      const exitCode = typeof codes === 'number' ? codes : codes[one.name];
      return { ...one, state: 'stopped', reason, ...(exitCode !== undefined && { exitCode }) };
    });
    const failedToStart = containers.every(({ exitCode }) => exitCode === undefined);
    const stopped = { state: 'stopped', stoppedAtMs: this.#clock.now(), stoppedReason: reason, failedToStart } as const;
    this.#set({ ...task, ...stopped, containers });
  }

  change(task: Task, containers: Partial<RunContainer>): void {
    this.#set({ ...task, containers: task.containers.map((one) => ({ ...one, ...containers })) });
  }

  /** As ECS an hour after its end. */
  remove(task: Task): void {
    this.#tasks.delete(task.id);
  }

  #set(task: Task): void {
    this.#tasks.set(task.id, task);
  }
}

function container(name: string, image: string): RunContainer {
  return { name, id: name, image, imageDigest: '', state: 'waiting', reason: '', health: 'unknown' };
}
