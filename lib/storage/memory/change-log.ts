import type { Change, Item } from '../contract.ts';

/** An item and the journal's row that wrote it; 0 where rows are nobody's business. */
export interface StoredItem extends Item {
  readonly row: number;
}

/** One change as the log keeps it. `before` shares its bytes with the item that was, `value` with the item that is. */
export interface LogEntry extends Change {
  /** The item this change replaced or removed. */
  readonly before: StoredItem | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The journal's row of this change. */
  readonly row: number;
}

/** What only the log still holds: bytes that no present item shares. */
function ownBytes(entry: LogEntry): number {
  return ENTRY_BYTES + (entry.before?.value.length ?? 0) + (entry.type === 'deleted' ? entry.value.length : 0);
}

/** An entry's own fields, about. */
const ENTRY_BYTES = 128;

const NONE: readonly LogEntry[] = [];

/** The changes of one storage type in the order of their revisions, the oldest forgotten. Positions are absolute: they stay as the head moves. */
export class ChangeLog {
  #entries: LogEntry[] = [];
  #head = 0;
  #bytes = 0;
  #compacted: number;
  #shared: { from: number; to: number; changes: readonly LogEntry[] } | undefined;

  /** @param compacted nothing is known up to and including this revision */
  constructor(compacted: number) {
    this.#compacted = compacted;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get head(): number {
    return this.#head;
  }

  get end(): number {
    return this.#head + this.#entries.length;
  }

  append(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#bytes += ownBytes(entry);
  }

  /** Puts what came right before the oldest entry in front; nothing is known up to and including `compacted`. */
  prepend(entries: readonly LogEntry[], compacted: number): void {
    this.#entries = [...entries, ...this.#entries];
    this.#head -= entries.length;
    for (const entry of entries) this.#bytes += ownBytes(entry);
    this.#compacted = compacted;
    this.#shared = undefined;
  }

  /** Nothing will be added any more: whoever reads here, or is about to, is left behind. */
  abandon(): void {
    this.compact(Number.MAX_SAFE_INTEGER);
    this.#head += 1;
  }

  /** The position of the first entry after this revision. */
  positionAfter(revision: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#head + low;
  }

  /** The entries from this position on. Watchers at the same place get the same array. */
  from(position: number): readonly LogEntry[] {
    if (position >= this.end) return NONE;
    if (this.#shared?.from !== position || this.#shared.to !== this.end) {
      this.#shared = { from: position, to: this.end, changes: this.#entries.slice(position - this.#head) };
    }
    return this.#shared.changes;
  }

  /** Forgets up to and including this revision; returns what was forgotten. */
  compact(revision: number): LogEntry[] {
    const forgotten = this.#entries.splice(0, this.positionAfter(revision) - this.#head);
    this.#head += forgotten.length;
    for (const entry of forgotten) this.#bytes -= ownBytes(entry);
    this.#compacted = Math.max(this.#compacted, revision);
    this.#shared = undefined;
    return forgotten;
  }

  /** The newest revision that is older than this time, or undefined. */
  olderThan(oldest: number): number | undefined {
    let older: number | undefined;
    for (const entry of this.#entries) {
      if (entry.at >= oldest) break;
      older = entry.revision;
    }
    return older;
  }

  /** The newest revision to forget so that the log is well within its bounds again, or undefined while it is. */
  excess({ maxBytes, maxEntries }: { maxBytes: number; maxEntries: number }): number | undefined {
    let bytes = this.#bytes;
    let count = this.#entries.length;
    if (bytes <= maxBytes && count <= maxEntries) return undefined;
    let excess: number | undefined;
    for (const entry of this.#entries) {
      if (bytes <= maxBytes * SLACK && count <= maxEntries * SLACK) break;
      excess = entry.revision;
      bytes -= ownBytes(entry);
      count -= 1;
    }
    return excess;
  }
}

/** Forgetting moves the whole log, so it is done seldom and by much. */
const SLACK = 7 / 8;
