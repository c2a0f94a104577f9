import type { Change, Encode, Item, StoreErrorReason } from '../../../lib/storage/contract.ts';

/** An item as a client saw it, its bytes as text. */
export interface Seen {
  key: string;
  revision: number;
  text: string;
}

export interface Intent {
  op: 'create' | 'update' | 'delete' | 'check';
  key: string;
  /** The expected revision; of a create 0. */
  expected: number;
}

export interface Refusal {
  reason: StoreErrorReason;
  key?: string | undefined;
  current?: Seen | undefined;
  /** A token that goes on at the present. */
  continue?: string | undefined;
}

/** When something was asked and answered, in steps of the world; `floor` is the newest revision that anybody had seen before. */
interface Asked {
  instance: string;
  invoked: number;
  floor: number;
  returned?: number;
  /** The newest revision given to anybody when the answer came. */
  ceiling?: number;
}

export interface WriteRecord extends Asked {
  kind: 'write';
  id: string;
  intents: readonly Intent[];
  result?: { revision: number; items: readonly Seen[] };
  refusal?: Refusal;
}

export interface GetRecord extends Asked {
  kind: 'get';
  key: string;
  item?: Seen | undefined;
  refusal?: Refusal;
}

export interface ListRecord extends Asked {
  kind: 'list';
  prefix: string;
  limit: number;
  /** Goes on after this key: given with a continue token. */
  after?: string | undefined;
  /** The revision asked for, or the token's. */
  at?: number | undefined;
  result?: { revision: number; items: readonly Seen[]; remaining: number | undefined; continues: boolean };
  refusal?: Refusal;
}

export interface SeenChange extends Seen {
  type: Change['type'];
  previous: string | undefined;
}

export interface Batch {
  revision: number;
  changes: readonly SeenChange[];
  step: number;
}

export interface WatchRecord extends Asked {
  kind: 'watch';
  prefix: string;
  from: number;
  batches: Batch[];
  refusal?: Refusal;
}

export type HistoryRecord = WriteRecord | GetRecord | ListRecord | WatchRecord;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** All that clients asked and were answered. */
export class History {
  readonly records: HistoryRecord[] = [];
  /** Which write made bytes for a revision: a write makes new ones each time it starts again. */
  readonly attempts = new Map<number, WriteRecord>();
  /** What went wrong at once. */
  readonly violations: string[] = [];
  #floor = 0;

  get floor(): number {
    return this.#floor;
  }

  /** Somebody has seen this revision: whoever asks from now on must see it too. */
  saw(revision: number): void {
    this.#floor = Math.max(this.#floor, revision);
  }

  encode(record: WriteRecord, { op, key }: Intent, size: number): Encode {
    return (revision) => {
      const other = this.attempts.get(revision);
      if (other && other !== record) this.violations.push(`${record.id} and ${other.id} both got revision ${revision}`);
      this.attempts.set(revision, record);
      return encoder.encode(textOf(record.id, key, revision, op, size));
    };
  }
}

/** The text that a write leaves at a key: nothing else may ever be read there. */
export function textOf(id: string, key: string, revision: number, op: string, size: number): string {
  return `${id} ${op} ${key} @${revision} ${id.at(-1)!.repeat(size)}`;
}

export function seen({ key, revision, value }: Item): Seen {
  return { key, revision, text: decoder.decode(value) };
}

export function seenChange(change: Change): SeenChange {
  const previous = change.previous && decoder.decode(change.previous);
  return { ...seen(change), type: change.type, previous };
}
