/**
 * What the store asks of DynamoDB, and nothing else. Two implementations: the AWS SDK (sdk-database.ts), and the model of the simulation
 * (test/simulation/dynamodb/), which delays, throttles, loses replies and shows transactions piece by piece.
 * Decision: docs/decisions/2026-11-25-one-log.md.
 *
 * Every call throws DatabaseError for what DynamoDB answers or fails to answer. None retries by itself.
 */
export interface Database {
  /** UpdateItem ADD 1: a revision that nobody else gets. After a lost reply the revision is a hole that a reader fills. */
  nextRevision(deadlineMs: number): Promise<number>;
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
  /** PutItem on the condition that the slot is empty. False: it was not. */
  fillSlot(revision: number, atMs: number): Promise<boolean>;
  /** TransactWriteItems: all or nothing, on the conditions of each write and that the slot is empty. Not sent after `deadlineMs`. */
  commit(transaction: Transaction, deadlineMs: number): Promise<CommitOutcome>;
  /** PutItem of the immutable parts of a large value, before the commit that refers to it. */
  writeParts(id: string, parts: readonly Uint8Array[]): Promise<void>;
  readParts(id: string, count: number): Promise<Uint8Array[]>;
}

/** Slots of one partition of the log: the hot end moves on. */
export const SLOTS_PER_BUCKET = 64;

export interface Counter {
  revision: number;
  compacted: number;
}

export interface StoredObject {
  key: string;
  revision: number;
  /** Absent: a tombstone. */
  body?: Uint8Array;
}

export interface Slot {
  revision: number;
  /** Whose commit it is; absent: a no-op that fills a hole. */
  commitId?: string;
  /** When it was written, by the writer's clock. */
  atMs: number;
  /** The changes of the commit, encoded; see log-entry.ts. */
  body?: Uint8Array;
}

export interface Transaction {
  revision: number;
  slot: Required<Slot>;
  writes: readonly ObjectWrite[];
  checks: readonly ObjectCheck[];
}

/** Puts the object, or its tombstone where `body` is absent. */
export interface ObjectWrite {
  key: string;
  body?: Uint8Array;
  /** The revision that must be there; 0: nothing or a tombstone, older than the transaction's revision. */
  expected: number;
}

/** The key is at this revision; 0: absent or a tombstone. */
export interface ObjectCheck {
  key: string;
  expected: number;
}

/** Of a refused transaction: which conditions did not hold. `conflict`: another transaction was at one of its items. */
export type CommitOutcome =
  | { committed: true }
  | { committed: false; slotTaken: boolean; refused: readonly string[]; conflict: boolean };

export type DatabaseFailure =
  | 'Throttled' // nothing happened
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
