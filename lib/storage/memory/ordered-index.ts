import type { StoredItem } from './change-log.ts';

/**
 * The present items of one storage type, in the order of their keys.
 * Keys compare by UTF-16 unit, which is byte order for all of the Basic Multilingual Plane, and so for every name Kubernetes admits.
 */
export class OrderedIndex {
  readonly #sorted: StoredItem[] = [];
  readonly #byKey = new Map<string, StoredItem>();

  get size(): number {
    return this.#sorted.length;
  }

  get(key: string): StoredItem | undefined {
    return this.#byKey.get(key);
  }

  set(item: StoredItem): void {
    const known = this.#byKey.has(item.key);
    this.#byKey.set(item.key, item);
    const last = this.#sorted.at(-1);
    if (!known && (!last || last.key < item.key)) this.#sorted.push(item);
    else this.#sorted.splice(this.#lowerBound(item.key), known ? 1 : 0, item);
  }

  delete(key: string): void {
    if (this.#byKey.delete(key)) this.#sorted.splice(this.#lowerBound(key), 1);
  }

  /** Positions of the keys that start with `prefix` and come after `after`. */
  range(prefix: string, after?: string): { from: number; to: number } {
    const from = after === undefined ? this.#lowerBound(prefix) : this.#lowerBound(`${after}\0`);
    return { from, to: Math.max(from, this.#lowerBound(`${prefix}\uffff`)) };
  }

  slice(from: number, to: number): StoredItem[] {
    return this.#sorted.slice(from, to);
  }

  /** The first position whose key is not less than `key`. */
  #lowerBound(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.key < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
