import { typeOf } from '../memory/storage-type.ts';
import { type Blob, type Reference, referenceOf, unpack, unpackAgainst } from './blob.ts';
import type { Context } from './context.ts';
import type { Slot } from './database.ts';
import { decodeEntry, type EncodedChange } from './log-entry.ts';
import { whole } from './parts.ts';

/** A reader came so late that what the log or an item refers to is gone: what it knows is worth nothing any more. */
export class TooLate extends Error {}

/** One change of the log. Its bytes are unpacked when somebody wants them: most changes are of types that this process never reads. */
export class LoggedChange {
  readonly revision: number;
  readonly type: EncodedChange['type'];
  readonly key: string;
  readonly storageType: string;
  readonly previousRevision: number | undefined;
  /** Where the value lies in parts. */
  readonly reference: Reference | undefined;
  #packed: Blob;
  readonly #previous: Blob | undefined;
  #value: Uint8Array | undefined;

  constructor(revision: number, { type, key, value, previous }: EncodedChange, plain?: Uint8Array) {
    this.revision = revision;
    this.type = type;
    this.key = key;
    this.storageType = typeOf(key);
    this.previousRevision = previous?.revision;
    this.reference = referenceOf(value);
    this.#packed = value;
    this.#previous = previous?.value;
    this.#value = plain;
  }

  /** Whether the bytes can be had without asking the database. */
  get atHand(): boolean {
    return this.#value !== undefined || !referenceOf(this.#packed);
  }

  get value(): Uint8Array {
    this.#value ??= unpack(this.#packed);
    return this.#value;
  }

  /** Brings the value to hand. Throws TooLate. */
  async fetch(context: Context): Promise<void> {
    if (this.atHand) return;
    const packed = await whole(context, this.#packed);
    if (!packed) throw new TooLate(`the parts of ${this.key} at ${this.revision} are gone`);
    this.#packed = packed;
  }

  /** The bytes that the change replaced. The value must be at hand. Throws TooLate. */
  async previous(context: Context): Promise<Uint8Array | undefined> {
    if (!this.#previous) return undefined;
    const packed = await whole(context, this.#previous);
    if (!packed) throw new TooLate(`the parts of what ${this.key} was before ${this.revision} are gone`);
    return unpackAgainst(packed, this.value);
  }
}

/** A slot of the log that is decided, its changes decoded. */
export interface DecidedSlot {
  readonly revision: number;
  readonly atMs: number;
  readonly decided?: number;
  readonly changes: readonly LoggedChange[];
}

export function decodeSlot({ revision, atMs, decided, body }: Slot): DecidedSlot {
  const changes = body ? decodeEntry(body).map((change) => new LoggedChange(revision, change)) : [];
  return { revision, atMs, changes, ...(decided === undefined ? {} : { decided }) };
}
