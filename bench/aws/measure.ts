import { PRICES } from '../../lib/cost/prices.ts';
import type { Meter } from '../../lib/storage/dynamodb/meter.ts';

/** What one operation asks of DynamoDB, on average. */
export interface Row {
  what: string;
  /** `{ GetItem: 1 }` */
  requests: Record<string, number>;
  readUnits: number;
  writeUnits: number;
}

/** DynamoDB Local reports 4 units for an item of 1 KB in a transaction; AWS counts 2. Source: DynamoDB read/write capacity, "transactions". */
const TRANSACTION_FACTOR = 0.5;

/** What was counted since the last time, over `times` operations. */
export function taken(what: string, meters: readonly Meter[], times = 1): Row {
  const row: Row = { what, requests: {}, readUnits: 0, writeUnits: 0 };
  for (const [operation, { requests, readUnits, writeUnits }] of meters.flatMap((meter) => [...meter.take()])) {
    row.requests[operation] = (row.requests[operation] ?? 0) + requests / times;
    row.readUnits += readUnits / times;
    row.writeUnits += (writeUnits / times) * (operation === 'TransactWriteItems' ? TRANSACTION_FACTOR : 1);
  }
  return row;
}

/** Repeats an operation and averages; what came before does not count. */
export async function measured(
  what: string,
  meter: Meter,
  times: number,
  operation: (index: number) => Promise<unknown>,
): Promise<Row> {
  meter.take();
  for (let index = 0; index < times; index++) await operation(index);
  return taken(what, [meter], times);
}

export function dollarsPerMillion({ readUnits, writeUnits }: Row): number {
  return 1e6 * (readUnits * PRICES.readUnit.dollars + writeUnits * PRICES.writeUnit.dollars);
}
