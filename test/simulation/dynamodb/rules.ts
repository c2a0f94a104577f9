/** What the protocol relies on in DynamoDB's conditions and reads. All hold, unless a test takes one away to see that the checker notices. */
export interface Rules {
  /** A slot is written on the condition that it is empty. */
  writeOnceSlots: boolean;
  /** An object is written on the condition that what is there is older than the transaction. */
  olderOnly: boolean;
  /** An object is written on the condition that it is at the expected revision. */
  expectedRevision: boolean;
  /** A check keeps older commits that come later from writing there. */
  checksMark: boolean;
  /** A delete leaves its revision behind. */
  tombstones: boolean;
  /** A commit is not signed after its deadline. */
  deadline: boolean;
  /** A signature is refused after five minutes. */
  signatureLife: boolean;
  /** The counter is read strongly. */
  strongCounter: boolean;
  /** Objects are read strongly. */
  strongObjects: boolean;
  /** All writes of a transaction happen, or none. */
  atomic: boolean;
  /** Each token is given once. */
  uniqueRevisions: boolean;
  /** A writer fills the revisions that it took and did not use. Only a courtesy: readers need not wait for it, and it keeps no promise. */
  fillsOwn: boolean;
  /** Slots and tombstones outlive every writer that could still commit. */
  longLife: boolean;
}

export const RULES: Rules = {
  writeOnceSlots: true,
  olderOnly: true,
  expectedRevision: true,
  checksMark: true,
  tombstones: true,
  deadline: true,
  signatureLife: true,
  strongCounter: true,
  strongObjects: true,
  atomic: true,
  uniqueRevisions: true,
  fillsOwn: true,
  longLife: true,
};
