import type { DecidedSlot, LoggedChange } from './logged-change.ts';

/** Marks closer together would only cost memory. */
const MARK_EVERY_MS = 1_000;

/**
 * The newest slots of the log, of all types: what a Query or a GetItem may not show yet although it is decided, because the items of a transaction
 * become visible one by one.
 */
export class Tail {
  #slots: DecidedSlot[] = [];
  #floor = 0;
  #pins = 0;
  /** Up to which revision everything was decided at which time. */
  #marks: { readonly revision: number; readonly atMs: number }[] = [];

  /** Everything up to and including this revision is visible whole. */
  get floor(): number {
    return this.#floor;
  }

  begin(floor: number): void {
    this.#slots = [];
    this.#marks = [];
    this.#floor = floor;
  }

  add(slot: DecidedSlot): void {
    if (slot.changes.length > 0) this.#slots.push(slot);
  }

  /** The changes of one type, the oldest first. */
  changesOf(storageType: string): LoggedChange[] {
    return this.#slots.flatMap(({ changes }) => changes.filter((change) => change.storageType === storageType));
  }

  /** The slots with changes after this revision, which is not below the floor. */
  after(revision: number): DecidedSlot[] {
    return this.#slots.filter((slot) => slot.revision > revision);
  }

  newest(key: string): LoggedChange | undefined {
    for (let i = this.#slots.length - 1; i >= 0; i--) {
      const change = this.#slots[i]!.changes.find((one) => one.key === key);
      if (change) return change;
    }
    return undefined;
  }

  /** Keeps all that is there now until the function it returns is called: a read that began now may still miss it. */
  pin(): () => void {
    this.#pins++;
    return () => void this.#pins--;
  }

  /** Every slot up to `revision` is decided now; what was so before `visibleSince` need not be kept. */
  mark(revision: number, nowMs: number, visibleSince: number): void {
    const last = this.#marks.at(-1);
    if (!last || nowMs - last.atMs >= MARK_EVERY_MS) this.#marks.push({ revision, atMs: nowMs });
    if (this.#pins > 0) return;
    const young = this.#marks.findIndex(({ atMs }) => atMs >= visibleSince);
    const old = this.#marks.splice(0, young === -1 ? this.#marks.length : young).at(-1);
    if (old && old.revision > this.#floor) this.#forget(old.revision);
  }

  #forget(floor: number): void {
    this.#floor = floor;
    const kept = this.#slots.findIndex(({ revision }) => revision > floor);
    this.#slots.splice(0, kept === -1 ? this.#slots.length : kept);
  }
}
