import type { FunctionOptions } from '../../../bin/compose/invocations.ts';
import { functionEvents } from '../../../lib/cloud/aws/function-events.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import { type MemoryState, type MemoryWakes, memoryState, memoryWakes } from '../../fakes/invocations.ts';
import { EventSource, type StreamFaults } from './event-source.ts';
import { Instance, type InstanceFaults } from './instance.ts';

const MAX_INSTANCES = 3;
const TIMEOUT_MS = 30_000;

export type InvokedFunctionOptions = Omit<FunctionOptions, 'state' | 'wakes'> & {
  controllersOf: ConstructorParameters<typeof Instance>[1];
  random: Random;
  faults: InstanceFaults;
  streamFaults: StreamFaults;
};

/** A function as Lambda runs it: several processes, each with one invocation at a time, ended when it takes too long. */
export class InvokedFunction {
  readonly state: MemoryState;
  readonly wakes: MemoryWakes;
  readonly stream: EventSource;
  readonly dead: unknown[] = [];
  invocations = 0;
  #instances: Instance[] = [];
  readonly #options: InvokedFunctionOptions;

  constructor(options: InvokedFunctionOptions) {
    this.#options = options;
    this.state = memoryState(options.clock);
    this.wakes = memoryWakes(options.clock);
    this.stream = new EventSource(options.clock, options.random, options.streamFaults);
  }

  /** Begins invocations for what is due. Those for which no process is free wait. */
  poll(): void {
    for (const batch of this.stream.batches()) this.#invoke(batch, () => this.stream.again(batch));
    const wakes = this.wakes.due();
    if (wakes.length === 0) return;
    const messages = wakes.map((due) => ({
      eventSource: 'aws:sqs',
      messageId: String(due),
      body: JSON.stringify({ due }),
    }));
    this.#invoke(messages, () => this.wakes.sent.push(...wakes));
  }

  get idle(): boolean {
    return this.stream.length === 0 && !this.#instances.some(({ busy, dead }) => busy && !dead);
  }

  #invoke(records: any[], again: () => void): void {
    const { clock, random, log } = this.#options;
    this.#instances = this.#instances.filter(({ dead }) => !dead);
    const free = this.#instances.filter(({ busy }) => !busy);
    const instance = free[Math.floor(random.next() * free.length)] ?? this.#grow();
    if (!instance) {
      again();
      return;
    }
    this.invocations++;
    instance.busy = true;
    const deadLetter = async (record: unknown) => void this.dead.push(record);
    const handle = functionEvents({ driver: async () => instance.driver, deadLetter, clock, log });
    let ended = false;
    const timeout = clock.schedule(TIMEOUT_MS, () => {
      ended = true;
      instance.dead = true;
      again();
    });
    void handle({ Records: records }, { getRemainingTimeInMillis: () => TIMEOUT_MS }).then(({ batchItemFailures }) => {
      if (ended) return;
      timeout.cancel();
      instance.busy = false;
      if (batchItemFailures.length > 0) again();
    });
  }

  #grow(): Instance | undefined {
    if (this.#instances.length >= MAX_INSTANCES) return undefined;
    const { controllersOf, random, faults } = this.#options;
    const instance = new Instance(
      { ...this.#options, state: this.state, wakes: this.wakes },
      controllersOf,
      random,
      faults,
    );
    this.#instances.push(instance);
    return instance;
  }
}
