/** The change log as seen by who is woken and catches up, instead of following. */
export interface ChangeSource {
  /** What changed after this revision. Throws StatusError `Expired` if the log no longer reaches back so far. */
  since(revision: number): Promise<Changes>;
}

export interface Changes {
  /** The present. */
  readonly revision: number;
  /** By storage type (`pods`, `deployments.apps`): the revision of each change, in order. */
  readonly resources: ReadonlyMap<string, readonly number[]>;
}
