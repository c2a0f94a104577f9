interface Entry<T> {
  made: T;
  bytes: number;
}

/**
 * What was made of stored bytes, for as long as the store holds them and at most about twice `maxBytes`: lists are asked for again and again.
 * Two generations; when the younger is full, what nobody asked for since the last change goes with the older.
 */
export class Derived<T> {
  readonly #maxBytes: number;
  #young = new WeakMap<Uint8Array, Entry<T>>();
  #old = new WeakMap<Uint8Array, Entry<T>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(value: Uint8Array): T | undefined {
    const young = this.#young.get(value);
    if (young) return young.made;
    const old = this.#old.get(value);
    if (old) this.#keep(value, old);
    return old?.made;
  }

  set(value: Uint8Array, made: T, bytes: number): void {
    this.#keep(value, { made, bytes });
  }

  #keep(value: Uint8Array, entry: Entry<T>): void {
    this.#bytes += entry.bytes;
    if (this.#bytes > this.#maxBytes) {
      this.#old = this.#young;
      this.#young = new WeakMap();
      this.#bytes = entry.bytes;
    }
    this.#young.set(value, entry);
  }
}
