import type { Random } from '../../../lib/runtime/random.ts';
import type { Store } from '../../../lib/storage/contract.ts';
import type { Database } from '../../../lib/storage/dynamodb/database.ts';
import { seededRandom } from '../../fakes/random.ts';
import { check } from './check.ts';
import { RecordingClient } from './client.ts';
import { modelDatabase } from './database.ts';
import { drawFaults, type Faults, NO_FAULTS } from './faults.ts';
import { History } from './history.ts';
import { Instance } from './instance.ts';
import { RULES, type Rules } from './rules.ts';
import { Tables } from './tables.ts';
import { truthOf } from './truth.ts';
import { KEYS, PREFIXES, readTurn, repeat, watchFor, writeTurn } from './workload.ts';
import { World } from './world.ts';

/** A store of its own, with its own caches, over the one database. */
export type OpenStore = (database: Database, instance: Instance, random: Random, limits: Limits) => Store;

/** So small that every value of some seeds lies in parts. */
const LITTLE_BYTES = 50;

type Limits = { inlineBytes?: number };

const BURST_MS = 2_000;
/** Longer than the longest freeze, and than the life of a signature. */
const CALM_MS = 6 * 60_000;
/** Slots and tombstones are gone by then. */
const GAP_MS = 2 * 3_600_000;
/** Whoever is still without an answer then never gets one. */
const PATIENCE_MS = 120_000;

/** One history: writers, readers and watchers on several instances, what went wrong among them, and what was left at the end. */
export class Simulation {
  readonly world: World;
  readonly history = new History();
  readonly clients: RecordingClient[] = [];
  readonly keys: readonly string[];
  /** How long a client waits between two requests, at most. */
  readonly thinkMs: number;
  /** What clients know of the present revision of a key; 0: absent. */
  readonly known = new Map<string, number>();
  readonly tokens: { prefix: string; text: string; after: string; at?: number }[] = [];
  readonly revisions: number[] = [];
  readonly watching = new Set<AbortController>();
  readonly large: boolean;
  readonly #limits: Limits;
  stopping = false;
  #pausing = false;
  readonly #open: OpenStore;
  readonly #faults: Faults;
  readonly #rules: Rules;
  readonly tables: Tables;
  readonly #sizes = new Map<string, number>();

  constructor(seed: number, open: OpenStore, rules: Rules = RULES) {
    this.world = new World(seed);
    this.#open = open;
    this.#rules = rules;
    this.#faults = drawFaults(this.world);
    this.tables = new Tables(this.world, this.#faults, rules);
    this.keys = KEYS.slice(0, 1 + this.world.below(KEYS.length));
    this.thinkMs = this.world.pick([10, 50, 200]);
    this.large = this.world.chance(0.02);
    this.#limits = this.world.chance(0.2) ? { inlineBytes: LITTLE_BYTES } : {};
  }

  /** Returns the violations. */
  async run(): Promise<string[]> {
    const { world } = this;
    for (let i = 1 + world.below(3); i >= 0; i--) this.#startInstance();
    world.after(world.below(BURST_MS), () => this.#startInstance());
    if (this.#faults.gap) await this.#burstWithGap();
    else await world.run(world.now() + BURST_MS);
    await this.#calm();
    await this.#finish();
    const truth = truthOf(this.history, this.tables.committed, this.#sizes);
    return check(this.history, truth);
  }

  newId(size: number): string {
    const id = `w${this.#sizes.size + 1}`;
    this.#sizes.set(id, size);
    return id;
  }

  /** Whatever a client does ends in the history; what is thrown besides is a mistake of the test's. */
  start(work: Promise<void>): void {
    work.catch((error) => this.history.violations.push(`in the workload: ${error.stack ?? error}`));
  }

  #startInstance(): void {
    const { world, clients } = this;
    if (this.stopping || this.#pausing) return;
    const client = this.#openClient();
    clients.push(client);
    for (let i = world.below(3); i >= 0; i--) this.start(repeat(writeTurn, client, this));
    if (world.chance(0.6)) this.start(repeat(readTurn, client, this));
    for (let i = world.below(3); i > 0; i--) this.start(watchFor(client, this, world.pick(PREFIXES)));
  }

  #openClient(): RecordingClient {
    const { world } = this;
    const skewMs = world.below(this.#faults.skewMs + 1) - this.#faults.skewMs / 2;
    const instance = new Instance(`i${this.clients.length + 1}`, world, Math.round(skewMs));
    const database = modelDatabase(instance, this.tables, this.#faults, this.#rules, world);
    const store = this.#open(database, instance, seededRandom(world.below(2 ** 32)), this.#limits);
    return new RecordingClient(instance, store, this.history, this.tables, world);
  }

  /** Everybody is frozen for hours in the middle of the work, some a little longer than the others. */
  async #burstWithGap(): Promise<void> {
    const { world } = this;
    await world.run(world.now() + world.below(BURST_MS));
    const gapMs = GAP_MS + world.below(GAP_MS);
    this.#pausing = true;
    for (const { instance } of this.clients) {
      instance.freeze(gapMs + (world.chance(0.4) ? world.below(BURST_MS) : 0));
    }
    world.after(gapMs, () => {
      this.#pausing = false;
    });
    world.after(gapMs + world.below(BURST_MS / 2), () => this.#startInstance());
    await world.run(world.now() + gapMs + BURST_MS);
  }

  /** Nobody begins anything; what is under way ends, also what was frozen or comes late. */
  async #calm(): Promise<void> {
    const { world } = this;
    this.stopping = true;
    Object.assign(this.#faults, { kill: 0 });
    await world.run(world.now() + PATIENCE_MS);
    for (const abort of this.watching) abort.abort();
    await world.run(world.now() + CALM_MS);
    Object.assign(this.#faults, { ...NO_FAULTS, showLagMs: this.#faults.showLagMs, skewMs: this.#faults.skewMs });
  }

  /** With nothing going wrong any more every instance, and a new one, reads and writes, and each watch arrives where the log ends. */
  async #finish(): Promise<void> {
    const fresh = this.#openClient();
    this.clients.push(fresh);
    const alive = this.clients.filter(({ instance }) => instance.alive);
    let left = alive.length;
    for (const client of alive) this.start(this.#probe(client).finally(() => left--));
    await this.world.run(this.world.now() + PATIENCE_MS);
    if (left > 0) this.history.violations.push(`${left} instances do not come to an end`);
    for (const client of alive) this.start(client.close());
    await this.world.run(this.world.now() + PATIENCE_MS);
  }

  async #probe(client: RecordingClient): Promise<void> {
    const { world, history } = this;
    const from = history.floor;
    await this.#probeWrite(client, world.pick(this.keys));
    const newest = history.floor;
    for (const prefix of PREFIXES) {
      const { record } = await client.list(prefix, {});
      if (!record.result) history.violations.push(`${client.instance.name} cannot list ${prefix} in the end`);
    }
    const start = world.chance(0.3) ? 0 : world.below(from + 1);
    await client.watch(world.pick(PREFIXES), start, new AbortController().signal, (revision) => revision >= newest);
  }

  async #probeWrite(client: RecordingClient, key: string): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      const { item } = await client.get(key);
      const id = this.newId(0);
      const intent = item
        ? ({ op: 'update', key, expected: item.revision } as const)
        : ({ op: 'create', key, expected: 0 } as const);
      const { result } = await client.write(id, [intent], 0);
      if (result) return;
    }
    this.history.violations.push(`${client.instance.name} cannot write ${key} in the end`);
  }
}
