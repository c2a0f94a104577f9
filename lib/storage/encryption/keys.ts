/** Keys that wrap data keys. Each value is sealed with a data key, which lies beside it, wrapped. */
export interface Keys {
  /** Which key wraps now; sealing is a part of Encode, which cannot wait. */
  writer(): Promise<Writer>;
  /** A data key that one of the keys has wrapped. Throws KeyError. */
  unwrap(name: string, wrapped: Uint8Array): Promise<Uint8Array>;
}

export interface Writer {
  readonly name: string;
  dataKey(): DataKey;
}

export interface DataKey {
  /** AES-256. */
  readonly key: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** The key is not there, or is not the one that wrapped. */
export class KeyError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'KeyError';
  }
}
