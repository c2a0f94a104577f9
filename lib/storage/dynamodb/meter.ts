/** What the requests of a store cost: capacity units as DynamoDB reports them. */
export interface Usage {
  requests: number;
  readUnits: number;
  writeUnits: number;
}

/** Counts requests by operation (`GetItem`, `TransactWriteItems`), so that a benchmark can tell what an API call takes. */
export class Meter {
  readonly #usage = new Map<string, Usage>();

  count(operation: string, units: { read?: number; write?: number }): void {
    const usage = this.#usage.get(operation) ?? { requests: 0, readUnits: 0, writeUnits: 0 };
    usage.requests++;
    usage.readUnits += units.read ?? 0;
    usage.writeUnits += units.write ?? 0;
    this.#usage.set(operation, usage);
  }

  /** All since the last time. */
  take(): Map<string, Usage> {
    const taken = new Map(this.#usage);
    this.#usage.clear();
    return taken;
  }
}
