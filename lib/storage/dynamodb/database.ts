/**
 * What the store asks of DynamoDB, and nothing else. Two implementations: the AWS SDK (sdk-database.ts), and the model of the simulation
 * (test/simulation/dynamodb/), which delays, throttles, loses replies and shows transactions piece by piece.
 * Decision: docs/decisions/2026-11-25-one-log.md.
 *
 * Every call throws DatabaseError for what DynamoDB answers or fails to answer. None retries by itself.
 */
export interface Database {
  /**
   * UpdateItem ADD 1: a revision that nobody else gets; leaves the stamp in the counter. Not sent after `deadlineMs`.
   * After a lost reply the revision is a hole that a reader fills.
   */
  nextRevision(stamp: Stamp, deadlineMs: number): Promise<number>;
  /** GetItem, strongly consistent. `revision` 0: no write yet. */
  readCounter(): Promise<Counter>;
  /** UpdateItem: raises the floor, never lowers it. */
  raiseCompacted(revision: number): Promise<void>;
  /** GetItem, strongly consistent; tombstones included. */
  readObject(key: string): Promise<StoredObject | undefined>;
  /** Query, strongly consistent, in byte order of keys; tombstones included. Only read-committed against transactions. */
  queryObjects(
    prefix: string,
    page: { after?: string; limit?: number },
  ): Promise<{ objects: StoredObject[]; next?: string }>;
  /** Query, strongly consistent: the slots of one bucket with `from <= revision <= to` that are not empty, in order. */
  querySlots(bucket: number, from: number, to: number): Promise<Slot[]>;
  /** GetItem, strongly consistent. */
  readSlot(revision: number): Promise<Slot | undefined>;
  /**
   * PutItem of a no-op on the condition that the slot is empty. False: it was not. Throws `Conflict` while a transaction is at it.
   * Not sent after `deadlineMs`: a slot that was collected is empty too.
   */
  fillSlot(revision: number, stamp: Stamp, deadlineMs: number): Promise<boolean>;
  /** TransactWriteItems: all or nothing, on the conditions of each write and check and that the slot is empty. Not sent after `deadlineMs`. */
  commit(transaction: Transaction, deadlineMs: number): Promise<CommitOutcome>;
  /** PutItem of the immutable parts of a large value, before the commit that refers to it. */
  writeParts(id: string, parts: readonly Uint8Array[]): Promise<void>;
  /** GetItem of each, strongly consistent; undefined if one of them is gone. */
  readParts(id: string, count: number): Promise<Uint8Array[] | undefined>;
  /** UpdateItem of each: nothing refers to them any more, they may go after this time. */
  expireParts(id: string, count: number, atMs: number): Promise<void>;
}

/** Slots of one partition of the log: the hot end moves on. */
export const SLOTS_PER_BUCKET = 64;

/** Slots and tombstones stay at least this long: far beyond a commit's deadline and the life of a signature. */
export const KEPT_MS = 2 * 3_600_000;

/** What its writer knew when it took or filled a revision. */
export interface Stamp {
  /** By the writer's clock, before the request was sent. */
  atMs: number;
  /** Every slot up to this revision was decided by then: filled, for ever. Absent: nothing is known. */
  decided?: number;
}

export interface Counter {
  revision: number;
  compacted: number;
  /** Of the newest `nextRevision`; absent before the first. `decided` is of the newest that knew it. */
  stamp?: Stamp;
}

export interface StoredObject {
  key: string;
  /** Of the write, or of the deletion. */
  revision: number;
  /** Absent: a tombstone. */
  body?: Uint8Array;
  /** The newest revision whose commit checked this object without writing it. */
  checked?: number;
}

export interface Slot extends Stamp {
  revision: number;
  /** Whose commit it is; absent: a no-op that fills a hole. */
  commitId?: string;
  /** The changes of the commit, encoded; see log-entry.ts. */
  body?: Uint8Array;
}

export interface Transaction {
  slot: Slot & { commitId: string; body: Uint8Array };
  writes: readonly ObjectWrite[];
  checks: readonly ObjectCheck[];
}

/**
 * Puts the object, or its tombstone where `body` is absent, if what is there
 * - is at the revision `expected`; 0: is nothing, or a tombstone older than the slot's revision; and
 * - was not checked by a commit with a revision after the slot's.
 */
export interface ObjectWrite {
  key: string;
  body?: Uint8Array;
  expected: number;
}

/**
 * Holds on the condition of an ObjectWrite, and keeps older commits that come later from writing there, so that it holds at its place in the log:
 * an object is marked as `checked` at the slot's revision; where there is none, a tombstone of the slot's revision is put.
 */
export interface ObjectCheck {
  key: string;
  expected: number;
}

/** Of a refused transaction: which conditions did not hold. `conflict`: another transaction was at one of its items, or one was throttled. */
export type CommitOutcome =
  | { committed: true }
  | { committed: false; slotTaken: boolean; refused: readonly Refusal[]; conflict: boolean };

/** A condition on an object that did not hold, and the object as it was then (ReturnValuesOnConditionCheckFailure). */
export interface Refusal {
  key: string;
  present?: StoredObject;
}

export type DatabaseFailure =
  | 'Throttled' // nothing happened
  | 'Conflict' // a transaction is at the item: nothing happened
  | 'LostReply' // it may have happened, now or later within the signature's life
  | 'DeadlinePassed' // not sent
  | 'TooLarge'
  | 'Failed'; // DynamoDB refused it as wrong: a bug or a missing right

export class DatabaseError extends Error {
  readonly failure: DatabaseFailure;

  constructor(failure: DatabaseFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DatabaseError';
    this.failure = failure;
  }
}
