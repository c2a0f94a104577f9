/** The change log as the dispatcher reads it: objects are decoded when asked for, and of most changes nobody asks. */
export interface LogReader {
  /** Everything after this revision, in order. Throws StatusError `Expired`. */
  changes(from: number): Promise<{ changes: readonly LogChange[]; revision: number }>;
  /** All objects of a storage type as of a revision. */
  list(storage: string): Promise<{ objects: any[]; revision: number }>;
}

export interface LogChange {
  /** `pods` */
  readonly storage: string;
  /** `default`; '' of what is in none. */
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  /** What it is now; undefined: gone. */
  object(): any;
  /** What it was before; undefined: nothing. */
  previous(): any;
}
