/** How a function has itself invoked later. On AWS a queue with delayed messages, whose mapping polls, and costs, while it is on. */
export interface Wakes {
  /** Must be on for a wake to come. Safe to repeat. */
  on(): Promise<void>;
  off(): Promise<void>;
  /** At this time or, if it is further away than a message can be delayed, as late as it can. */
  send(dueMs: number): Promise<void>;
}

/** SQS delays a message by 15 minutes at most. Source: Amazon SQS quotas. */
export const MAX_WAKE_MS = 900_000;
