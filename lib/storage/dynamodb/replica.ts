import { Ages } from '../memory/ages.ts';
import type { StorageType } from '../memory/storage-type.ts';
import type { Reference } from './blob.ts';
import type { Context } from './context.ts';
import { type DecidedSlot, type LoggedChange, TooLate } from './logged-change.ts';
import { Tail } from './tail.ts';

/** How often logs that nobody lists are looked at for entries that are too old. */
const TRIM_EVERY_MS = 30_000;

/** What this process knows of the cluster: the state at `revision` of the types it has loaded, and the newest part of the log. */
export class Replica {
  readonly tail = new Tail();
  readonly types = new Map<string, StorageType>();
  /** Large values that lie in parts, so that whoever replaces them can let the parts go. */
  readonly references = new Map<string, { revision: number; reference: Reference }>();
  readonly #context: Context;
  /** Decided slots after `revision` that wait for one before them. */
  readonly #waiting = new Map<number, DecidedSlot>();
  readonly #ages = new Ages();
  #revision = 0;
  #compacted = 0;
  #presentAtMs = Number.NEGATIVE_INFINITY;
  #wasPresent = false;
  #trimmedAtMs = Number.NEGATIVE_INFINITY;
  #epoch = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Every slot up to this one is decided and applied. */
  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  /** Moves on when everything known was thrown away: what was read for an earlier one is worth nothing. */
  get epoch(): number {
    return this.#epoch;
  }

  get begun(): boolean {
    return this.#presentAtMs > Number.NEGATIVE_INFINITY;
  }

  /** Begun, and not too old: what it says of the log reaches further than slots that were collected. */
  get isFresh(): boolean {
    return this.begun && !this.isTooOld;
  }

  get wasPresent(): boolean {
    return this.#wasPresent;
  }

  /** Slots that this replica lacks may have been collected since it was the present. */
  get isTooOld(): boolean {
    const { clock, limits, unsafe } = this.#context;
    return this.begun && !unsafe.has('cache-age') && clock.now() - this.#presentAtMs > limits.maxCacheAgeMs;
  }

  /** Throws everything away and begins at a revision where every slot is decided and visible whole. */
  begin(revision: number, atMs: number): void {
    this.discard();
    this.#revision = revision;
    this.#presentAtMs = atMs;
    this.tail.begin(revision);
  }

  discard(): void {
    for (const type of this.types.values()) {
      type.log.abandon();
      type.wake();
    }
    this.types.clear();
    this.references.clear();
    this.#waiting.clear();
    this.#wasPresent = false;
    this.#presentAtMs = Number.NEGATIVE_INFINITY;
    this.#epoch++;
  }

  /** A decided slot, in any order. */
  offer(slot: DecidedSlot): void {
    if (slot.revision > this.#revision) this.#waiting.set(slot.revision, slot);
  }

  /** The slots up to `revision` that nobody has offered. */
  missing(upTo: number): number[] {
    const missing: number[] = [];
    for (let revision = this.#revision + 1; revision <= upTo; revision++) {
      if (!this.#waiting.has(revision)) missing.push(revision);
    }
    return missing;
  }

  /** Applies what was offered, up to the first gap. Throws TooLate. */
  async applyOffered(): Promise<void> {
    for (let slot = this.#next(); slot; slot = this.#next()) {
      const far = this.#changesHere(slot).filter((change) => !change.atHand);
      for (const change of far) await change.fetch(this.#context);
      if (this.#next() === slot && far.length === 0) this.#apply(slot);
    }
    this.#bound();
  }

  /** The replica was the present at this time. */
  caughtUp(atMs: number): void {
    const { clock, limits, unsafe } = this.#context;
    this.#wasPresent = true;
    this.#presentAtMs = Math.max(this.#presentAtMs, atMs);
    const redoMs = unsafe.has('redo-window') ? 0 : limits.redoMs;
    const now = clock.now();
    this.tail.mark(this.#revision, now, now - redoMs);
    if (now - this.#trimmedAtMs < TRIM_EVERY_MS) return;
    this.#trimmedAtMs = now;
    for (const type of this.types.values()) this.forgetOld(type);
  }

  raiseCompacted(revision: number): void {
    if (revision <= this.#compacted) return;
    this.#compacted = revision;
    for (const type of this.types.values()) type.log.compact(revision);
  }

  /** Forgets what is older than the retention, and returns the revision before which continue tokens are too old. */
  forgetOld(type: StorageType): number {
    const oldest = this.#context.clock.now() - this.#context.limits.retentionMs;
    const older = type.log.olderThan(oldest);
    if (older !== undefined) type.log.compact(older);
    this.#ages.forget(oldest);
    return this.#ages.aged;
  }

  install(type: StorageType): void {
    this.types.set(type.name, type);
  }

  remember(key: string, revision: number, reference: Reference | undefined): void {
    if (reference) this.references.set(key, { revision, reference });
    else this.references.delete(key);
  }

  #next(): DecidedSlot | undefined {
    return this.#waiting.get(this.#revision + 1);
  }

  #changesHere({ changes }: DecidedSlot): readonly LoggedChange[] {
    return changes.filter(({ storageType }) => this.types.has(storageType));
  }

  #apply(slot: DecidedSlot): void {
    if (this.isTooOld) throw new TooLate('the cache is older than the log');
    const touched = new Set<StorageType>();
    for (const change of this.#changesHere(slot)) {
      const type = this.types.get(change.storageType)!;
      this.#applyChange(type, change, slot.atMs);
      touched.add(type);
    }
    this.tail.add(slot);
    this.#ages.add(slot.revision, slot.atMs);
    this.#waiting.delete(slot.revision);
    this.#revision = slot.revision;
    for (const type of touched) type.wake();
  }

  #applyChange(type: StorageType, change: LoggedChange, at: number): void {
    const { key, revision, value } = change;
    const before = type.index.get(key);
    const entry = { type: change.type, key, revision, value, before, at, row: 0 };
    type.apply(before ? { ...entry, previous: before.value } : entry);
    this.remember(key, revision, change.type === 'deleted' ? undefined : change.reference);
  }

  #bound(): void {
    const { maxLogBytes, maxLogEntries } = this.#context.limits;
    for (const type of this.types.values()) {
      const excess = type.log.excess({ maxBytes: maxLogBytes, maxEntries: maxLogEntries });
      if (excess !== undefined) type.log.compact(excess);
    }
  }
}
