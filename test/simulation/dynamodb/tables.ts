import {
  type CommitOutcome,
  type Counter,
  KEPT_MS,
  type ObjectCheck,
  SLOTS_PER_BUCKET,
  type Slot,
  type Stamp,
  type StoredObject,
  type Transaction,
} from '../../../lib/storage/dynamodb/database.ts';
import type { Faults } from './faults.ts';
import { TableItem } from './item.ts';
import type { Rules } from './rules.ts';
import type { World } from './world.ts';

const SHORT_LIFE_MS = 2_000;
/** Without strong reads an answer may be this old. */
const STALE_MS = 200;
/** A Query ends a page after so many items: in truth after 1 MB. */
const PAGE = 3;

/** What happened to the tables, for the checker. */
export interface Committed {
  revision: number;
  keys: readonly string[];
  step: number;
}

/** The three tables as DynamoDB keeps them. Each method is one thing that happens at once. */
export class Tables {
  readonly committed: Committed[] = [];
  readonly counter: Counter = { revision: 0, compacted: 0 };
  readonly #counters: { at: number; counter: Counter }[] = [];
  readonly #objects = new Map<string, TableItem<StoredObject>>();
  readonly #slots = new Map<number, TableItem<Slot>>();
  readonly #parts = new Map<string, { parts: readonly Uint8Array[]; goneAt: number }>();
  /** Items of transactions that have begun: others conflict with them. */
  readonly #locked = new Set<string | number>();
  readonly #world: World;
  readonly #faults: Faults;
  readonly #rules: Rules;

  constructor(world: World, faults: Faults, rules: Rules) {
    this.#world = world;
    this.#faults = faults;
    this.#rules = rules;
  }

  nextRevision(stamp: Stamp): number {
    this.counter.revision++;
    const decided = stamp.decided ?? this.counter.stamp?.decided;
    this.counter.stamp = decided === undefined ? { atMs: stamp.atMs } : { atMs: stamp.atMs, decided };
    if (!this.#rules.strongCounter) this.#counters.push({ at: this.#world.now(), counter: { ...this.counter } });
    return this.counter.revision;
  }

  /** Without uniqueness: what a read and a write of their own would give to two at once. */
  readNextRevision(): number {
    return this.counter.revision + 1;
  }

  readCounter(): Counter {
    if (this.#rules.strongCounter) return { ...this.counter };
    const seen = this.#counters.findLast(({ at }) => at <= this.#world.now() - STALE_MS);
    return { ...(seen?.counter ?? { revision: 0, compacted: 0 }) };
  }

  raiseCompacted(revision: number): void {
    this.counter.compacted = Math.max(this.counter.compacted, revision);
  }

  readObject(key: string): StoredObject | undefined {
    const now = this.#world.now();
    return this.#rules.strongObjects ? this.#objects.get(key)?.newest(now) : this.#objects.get(key)?.shown(now);
  }

  queryObjects(prefix: string, { after = '', limit = PAGE }: { after?: string; limit?: number }) {
    const now = this.#world.now();
    const objects = [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix) && key > after)
      .sort()
      .flatMap((key) => this.#objects.get(key)!.shown(now) ?? []);
    const page = objects.slice(0, Math.min(limit, PAGE));
    return page.length < objects.length ? { objects: page, next: page.at(-1)!.key } : { objects: page };
  }

  querySlots(bucket: number, from: number, to: number): Slot[] {
    const first = Math.max(from, bucket * SLOTS_PER_BUCKET);
    const last = Math.min(to, bucket * SLOTS_PER_BUCKET + SLOTS_PER_BUCKET - 1);
    const slots: Slot[] = [];
    for (let revision = first; revision <= last; revision++) {
      const slot = this.#slots.get(revision)?.shown(this.#world.now());
      if (slot) slots.push(slot);
    }
    return slots;
  }

  readSlot(revision: number): Slot | undefined {
    return this.#slots.get(revision)?.newest(this.#world.now());
  }

  /** Undefined: a transaction is at the slot. */
  fillSlot(revision: number, stamp: Stamp): boolean | undefined {
    if (this.#locked.has(revision)) return undefined;
    if (this.readSlot(revision)) return false;
    this.#putSlot({ revision, ...stamp }, 0);
    return true;
  }

  /** The first half: conditions are looked at and the items are taken. */
  begin(transaction: Transaction): CommitOutcome {
    const { slot, writes, checks } = transaction;
    const objects = [...writes, ...checks];
    const isFree = ({ key }: ObjectCheck) => !this.#locked.has(key);
    const refused = objects
      .filter((object) => isFree(object) && !this.#admits(object, slot.revision))
      .map(({ key }) => ({ key, ...presentAs(this.readObject(key)) }));
    const slotTaken = this.#rules.writeOnceSlots && this.readSlot(slot.revision) !== undefined;
    const conflict = this.#locked.has(slot.revision) || !objects.every(isFree);
    if (conflict || slotTaken || refused.length > 0) return { committed: false, slotTaken, refused, conflict };
    for (const item of itemsOf(transaction)) this.#locked.add(item);
    return { committed: true };
  }

  /** The second half. */
  apply(transaction: Transaction): void {
    const { slot, writes, checks } = transaction;
    for (const item of itemsOf(transaction)) this.#locked.delete(item);
    const done = this.#rules.atomic ? writes : writes.slice(0, 1);
    for (const { key, body } of done)
      this.#putObject(key, body ? { revision: slot.revision, body } : { revision: slot.revision });
    if (this.#rules.checksMark) for (const { key } of checks) this.#mark(key, slot.revision);
    this.#putSlot(slot, this.#lag());
    const keys = done.map(({ key }) => key);
    this.committed.push({ revision: slot.revision, keys, step: this.#world.step });
  }

  writeParts(id: string, parts: readonly Uint8Array[]): void {
    this.#parts.set(id, { parts, goneAt: Number.POSITIVE_INFINITY });
  }

  readParts(id: string, count: number): Uint8Array[] | undefined {
    const known = this.#parts.get(id);
    return known && known.goneAt > this.#world.now() && known.parts.length >= count ? [...known.parts] : undefined;
  }

  expireParts(id: string, atMs: number): void {
    const known = this.#parts.get(id);
    if (known) known.goneAt = atMs;
  }

  #admits({ key, expected }: ObjectCheck, revision: number): boolean {
    const stored = this.readObject(key);
    const rules = this.#rules;
    if (rules.olderOnly && stored && stored.revision >= revision) return false;
    if (rules.checksMark && stored?.checked !== undefined && stored.checked >= revision) return false;
    return !rules.expectedRevision || (stored?.body ? stored.revision : 0) === expected;
  }

  /** An object is marked as checked; where there is none, a tombstone of this revision is put. */
  #mark(key: string, checked: number): void {
    const stored = this.readObject(key);
    if (stored?.body) this.#putObject(key, { ...stored, checked });
    else this.#putObject(key, { revision: checked });
  }

  #putObject(key: string, { revision, body, checked }: Omit<StoredObject, 'key'>): void {
    if (!body && !this.#rules.tombstones) return void this.#objects.delete(key);
    const item = this.#objects.get(key) ?? new TableItem<StoredObject>();
    this.#objects.set(key, item);
    const stored = { key, revision, ...(body && { body }), ...(checked !== undefined && { checked }) };
    item.put(stored, this.#world.now(), this.#lag(), body ? Number.POSITIVE_INFINITY : this.#endOfLife());
  }

  #putSlot(slot: Slot, lagMs: number): void {
    const item = this.#slots.get(slot.revision) ?? new TableItem<Slot>();
    this.#slots.set(slot.revision, item);
    item.put(slot, this.#world.now(), lagMs, this.#endOfLife());
  }

  #endOfLife(): number {
    return this.#world.now() + (this.#rules.longLife ? KEPT_MS : SHORT_LIFE_MS);
  }

  #lag(): number {
    return this.#world.below(this.#faults.showLagMs + 1);
  }
}

function presentAs(present: StoredObject | undefined): { present?: StoredObject } {
  return present ? { present } : {};
}

function itemsOf({ slot, writes, checks }: Transaction): (string | number)[] {
  return [slot.revision, ...writes.map(({ key }) => key), ...checks.map(({ key }) => key)];
}
