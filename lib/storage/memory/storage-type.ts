import { ChangeLog, type LogEntry } from './change-log.ts';
import { OrderedIndex } from './ordered-index.ts';

/** All that is known of one storage type: its present items, its recent changes and who waits for the next. */
export class StorageType {
  readonly name: string;
  readonly index = new OrderedIndex();
  readonly log: ChangeLog;
  readonly #waiting = new Set<Waiter>();

  constructor(name: string, compacted: number) {
    this.name = name;
    this.log = new ChangeLog(compacted);
  }

  apply(entry: LogEntry): void {
    this.restore(entry);
    this.log.append(entry);
  }

  /** Changes the present state only: a change that the log no longer holds. */
  restore(entry: LogEntry): void {
    if (entry.type === 'deleted') this.index.delete(entry.key);
    else this.index.set({ key: entry.key, revision: entry.revision, value: entry.value, row: entry.row });
  }

  /** Woken once, at the next change. */
  addWaiter(waiter: Waiter): void {
    this.#waiting.add(waiter);
  }

  forgetWaiter(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.wake();
  }
}

export interface Waiter {
  wake(): void;
}

/** `pods/default/web` → `pods` */
export function typeOf(key: string): string {
  const slash = key.indexOf('/');
  if (slash <= 0) throw new TypeError(`the key ${JSON.stringify(key)} names no storage type`);
  return key.slice(0, slash);
}
