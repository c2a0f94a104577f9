import { ChangeLog, type LogEntry } from './change-log.ts';
import { OrderedIndex } from './ordered-index.ts';

/** All that is known of one storage type: its present items, its recent changes and who waits for the next. */
export class StorageType {
  readonly name: string;
  readonly index = new OrderedIndex();
  readonly log: ChangeLog;
  readonly #waiting = new Set<() => void>();

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

  /** Calls `wake` once, at the next change; returns how to stop waiting. */
  wait(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** `pods/default/web` → `pods` */
export function typeOf(key: string): string {
  const slash = key.indexOf('/');
  if (slash <= 0) throw new TypeError(`the key ${JSON.stringify(key)} names no storage type`);
  return key.slice(0, slash);
}
