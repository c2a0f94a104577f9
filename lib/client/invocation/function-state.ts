import type { PendingKey } from './pending-keys.ts';

/** What a function knows from one invocation to the next, and who may work now: one item that is written as a whole. */
export interface FunctionState {
  /** Nobody else may work until then. A holder that has gone past it has lost it, dead, frozen or late. */
  acquire(untilMs: number): Promise<Acquired | Held>;
  /** Tells the holder to look once more before it lets go. False: there is no holder any more. */
  mark(): Promise<boolean>;
  /** Takes the mark away: what was marked until now is about to be looked at. False: lost to another holder. */
  unmark(token: number): Promise<boolean>;
  /** Notes, while held, whether wakes are on. False: lost to another holder. */
  noteWakes(token: number, on: boolean): Promise<boolean>;
  /** Lets go, with a new checkpoint if one is given, unless it is marked. `force`: even then. */
  release(
    token: number,
    checkpoint?: Checkpoint,
    options?: { force: boolean },
  ): Promise<'released' | 'marked' | 'lost'>;
}

export interface Acquired {
  readonly held: true;
  /** Fences: of two holders the later one has the greater token, and only its writes count. */
  readonly token: number;
  readonly wakesOn: boolean;
  /** Absent: the function has never ended well. */
  readonly checkpoint?: Checkpoint;
}

export interface Held {
  readonly held: false;
  readonly untilMs: number;
  readonly marked: boolean;
  readonly wakesOn: boolean;
}

export interface Checkpoint {
  /** Every key of every change up to this revision is done, or among `keys`. */
  readonly revision: number;
  /** The code that wrote it. */
  readonly deployment: string;
  /** When every key was enqueued last. */
  readonly resyncedAtMs: number;
  readonly keys: readonly PendingKey[];
  /** When the wakes come that are under way. */
  readonly wakesMs: readonly number[];
}
