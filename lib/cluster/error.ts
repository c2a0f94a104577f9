/** A failure that its reader can mend. Exit codes: 1 it did not work, 2 it was asked for wrongly. */
export class ClusterError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
    this.exitCode = exitCode;
  }
}
