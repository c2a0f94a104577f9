import type { ListAnswer } from '../registry/call.ts';
import type { ResourceType } from '../registry/resource-table.ts';

/** What the bytes of a list were made of. */
export interface ListSource {
  type: ResourceType;
  /** Format and whatever else it was made by. */
  form: string;
  list: ListAnswer;
}

/**
 * Clients that list the same at about the same time get the same bytes. Only the last list is remembered, and not held:
 * it goes with the answers that carry it.
 */
export class SharedLists {
  readonly #sources = new WeakMap<Uint8Array, ListSource>();
  #last: WeakRef<Uint8Array> | undefined;

  bytes(source: ListSource, make: () => Uint8Array): Uint8Array {
    const last = this.#last?.deref();
    const known = last && this.#sources.get(last);
    if (last && known && isSame(known, source)) return last;
    const made = make();
    this.#sources.set(made, source);
    this.#last = new WeakRef(made);
    return made;
  }
}

function isSame(a: ListSource, b: ListSource): boolean {
  return a.type === b.type && a.form === b.form && isSameList(a.list, b.list);
}

function isSameList(a: ListAnswer, b: ListAnswer): boolean {
  if (a.resourceVersion !== b.resourceVersion || a.continue !== b.continue || a.remaining !== b.remaining) return false;
  return a.values.length === b.values.length && a.values.every((value, i) => value === b.values[i]);
}
