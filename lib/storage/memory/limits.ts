export interface Limits {
  /** How long and how much of each type's log is kept. */
  retentionMs: number;
  maxLogBytes: number;
  maxLogEntries: number;
  maxValueBytes: number;
}

/** Kubernetes compacts after 5 minutes; etcd takes requests of at most 1.5 MiB. */
export const DEFAULT_LIMITS: Limits = {
  retentionMs: 5 * 60_000,
  maxLogBytes: 16 << 20,
  maxLogEntries: 100_000,
  maxValueBytes: 1.5 * (1 << 20),
};
