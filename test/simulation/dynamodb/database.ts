import {
  type CommitOutcome,
  type Database,
  DatabaseError,
  type DatabaseFailure,
  type Stamp,
  type Transaction,
} from '../../../lib/storage/dynamodb/database.ts';
import type { Faults } from './faults.ts';
import type { Instance } from './instance.ts';
import type { Rules } from './rules.ts';
import type { Tables } from './tables.ts';
import type { World } from './world.ts';

/** AWS, "Signing AWS API requests": a request is refused five minutes after the time in its signature. */
const SIGNATURE_LIFE_MS = 5 * 60_000;
/** The caller hears nothing for so long: then the reply counts as lost. */
const TIMEOUT_MS = 1_000;
/** Shorter and longer than readers wait for a writer, and than a commit may take. */
const STALLS_MS = [300, 2_000, 15_000];
const FREEZE_MS = 90_000;

type Reply = (outcome: unknown) => void;

/** DynamoDB as one instance meets it, over a network that delays and loses. */
export function modelDatabase(instance: Instance, tables: Tables, faults: Faults, rules: Rules, world: World) {
  const line = new Line(instance, faults, rules, world);
  const call = <T>(run: () => T, deadlineMs?: number) =>
    line.call<T>((reply) => reply(run()), deadlineMs === undefined ? {} : { deadlineMs });

  const taken = new Set<number>();
  const nextRevision = async (stamp: Stamp, deadlineMs: number) => {
    if (rules.uniqueRevisions) return call(() => tables.nextRevision(stamp), deadlineMs);
    const revision = await call(() => tables.readNextRevision(), deadlineMs);
    await call(() => tables.nextRevision(stamp), deadlineMs);
    return revision;
  };

  const database: Database = {
    nextRevision: async (stamp, deadlineMs) => {
      const revision = await nextRevision(stamp, deadlineMs);
      taken.add(revision);
      return revision;
    },
    readCounter: () => call(() => tables.readCounter()),
    raiseCompacted: (revision) => call(() => tables.raiseCompacted(revision)),
    readObject: (key) => call(() => tables.readObject(key)),
    queryObjects: (prefix, page) => call(() => tables.queryObjects(prefix, page)),
    querySlots: (bucket, from, to) => call(() => tables.querySlots(bucket, from, to)),
    readSlot: (revision) => call(() => tables.readSlot(revision)),
    fillSlot: (revision, stamp, deadlineMs) => {
      // Its own first try is the writer's, or a reader's on the same instance, who tries again.
      const isDone = !taken.delete(revision) || rules.fillsOwn;
      const fill = () => (isDone ? tables.fillSlot(revision, stamp) : undefined);
      return line.call<boolean>((reply) => reply(fill() ?? failure('Conflict', 'TransactionConflictException')), {
        deadlineMs,
      });
    },
    commit: (transaction, deadlineMs) =>
      line.call<CommitOutcome>(transact(tables, transaction, faults, world), { deadlineMs }),
    writeParts: (id, parts) => call(() => tables.writeParts(id, parts)),
    readParts: (id, count) => call(() => tables.readParts(id, count)),
    expireParts: (id, _count, atMs) => call(() => tables.expireParts(id, atMs)),
  };
  return database;
}

function transact(tables: Tables, transaction: Transaction, faults: Faults, world: World) {
  return (reply: Reply) => {
    if (world.chance(faults.conflict)) {
      return reply({ committed: false, slotTaken: false, refused: [], conflict: true } satisfies CommitOutcome);
    }
    const outcome = tables.begin(transaction);
    if (!outcome.committed) return reply(outcome);
    world.after(world.below(faults.transactionMs), () => {
      tables.apply(transaction);
      reply(outcome);
    });
  };
}

function failure(kind: DatabaseFailure, message: string): DatabaseError {
  return new DatabaseError(kind, message);
}

/** The way of a request: signed by the instance, carried, carried out, and its reply carried back. At each place something can go wrong. */
class Line {
  readonly #instance: Instance;
  readonly #faults: Faults;
  readonly #rules: Rules;
  readonly #world: World;

  constructor(instance: Instance, faults: Faults, rules: Rules, world: World) {
    this.#instance = instance;
    this.#faults = faults;
    this.#rules = rules;
    this.#world = world;
  }

  call<T>(execute: (reply: Reply) => void, { deadlineMs }: { deadlineMs?: number } = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let settled = false;
      const settle = (outcome: unknown) => {
        if (settled) return;
        settled = true;
        if (outcome instanceof DatabaseError) reject(outcome);
        else resolve(outcome as T);
      };
      this.#interrupt();
      this.#whenRunning(() => this.#sign(execute, deadlineMs, settle));
    });
  }

  /** The instance stops here for a while, or for good. */
  #interrupt(): void {
    const { stall, freeze, kill } = this.#faults;
    if (this.#world.chance(stall)) this.#instance.freeze(this.#world.below(this.#world.pick(STALLS_MS)));
    if (this.#world.chance(freeze)) this.#instance.freeze(this.#world.below(FREEZE_MS));
    if (this.#world.chance(kill)) this.#instance.kill();
  }

  #whenRunning(work: () => void): void {
    this.#instance.run(work);
  }

  #sign(execute: (reply: Reply) => void, deadlineMs: number | undefined, settle: Reply): void {
    const isLate = deadlineMs !== undefined && this.#instance.clock.now() > deadlineMs;
    if (isLate && this.#rules.deadline) {
      settle(failure('DeadlinePassed', 'the deadline is over'));
      return;
    }
    const signedAt = this.#world.now();
    this.#interrupt();
    this.#whenRunning(() => this.#send(execute, signedAt, settle));
  }

  #send(execute: (reply: Reply) => void, signedAt: number, settle: Reply): void {
    const { throttle, lostRequest, lostReply, late } = this.#faults;
    const world = this.#world;
    const isDropped = world.chance(lostRequest);
    const isLate = world.chance(late);
    const isLost = isDropped || isLate || world.chance(lostReply);
    if (isLost) this.#loseReply(settle);
    if (isDropped) return;
    const delayMs = isLate ? world.below(SIGNATURE_LIFE_MS) : this.#delay();
    world.after(delayMs, () => {
      const reply = isLost ? () => {} : (outcome: unknown) => this.#reply(outcome, settle);
      const isStale = world.now() - signedAt > SIGNATURE_LIFE_MS;
      if (isStale && this.#rules.signatureLife) return reply(failure('DeadlinePassed', 'the signature is too old'));
      if (world.chance(throttle)) return reply(failure('Throttled', 'throttled'));
      execute(reply);
    });
  }

  #reply(outcome: unknown, settle: Reply): void {
    this.#interrupt();
    this.#world.after(this.#delay(), () => {
      // A connection does not outlive a freeze; what had arrived before it may be read.
      const isBroken = this.#instance.frozen && this.#world.chance(0.5);
      this.#instance.run(() => settle(isBroken ? failure('LostReply', 'the connection is gone') : outcome));
    });
  }

  #loseReply(settle: Reply): void {
    this.#world.after(TIMEOUT_MS, () => this.#instance.run(() => settle(failure('LostReply', 'no reply'))));
  }

  #delay(): number {
    return 1 + this.#world.below(this.#faults.networkMs);
  }
}
