import type { Context, DynamoDBRecord, SQSRecord } from 'aws-lambda';
import type { Invocation } from '../../client/invocation/driver.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { decodeWake } from './sqs-wakes.ts';

/** What invokes scheduler, controllers and dispatcher: a batch of a table's stream, of the timers' queue, or anything else, which is a hint. */
export interface FunctionEvent {
  Records?: readonly (DynamoDBRecord | SQSRecord)[];
}

export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

export interface FunctionEventOptions {
  /** Made when it is first needed. */
  driver(): Promise<{ run(invocation: Invocation): Promise<unknown> }>;
  /** Puts a record aside that is not what it should be. */
  deadLetter(record: unknown): Promise<void>;
  clock: Clock;
  log: Log;
}

/** A longer one hands on what is left: nobody waits longer than this for the lease of one that died. */
const MAX_RUN_MS = 60_000;

/** Streams wake, the log tells: of a record only its being one counts. Answers as ReportBatchItemFailures asks. */
export function functionEvents({ driver, deadLetter, clock, log }: FunctionEventOptions) {
  return async (event: FunctionEvent, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<BatchResponse> => {
    const records = event.Records ?? [];
    const sorted = sort(records);
    const failed: string[] = [];
    for (const record of sorted.poisoned) {
      log('a record is not what it should be', { record });
      // A queue has its own way to put messages aside; a stream would be held up by it.
      if (isMessage(record)) failed.push(record.messageId);
      else await deadLetter(record);
    }
    if (records.length > 0 && sorted.sound.length === 0) return answer(failed);
    try {
      const deadlineMs = clock.now() + Math.min(MAX_RUN_MS, context.getRemainingTimeInMillis());
      await (await driver()).run({ deadlineMs, wakesMs: sorted.wakesMs });
    } catch (error) {
      // A hint that came to nothing is lost; the stream's record of the same change is not.
      log('an invocation failed', { error });
      failed.push(...sorted.sound);
    }
    return answer(failed);
  };
}

interface Sorted {
  /** Identifiers of those that are as they should be. */
  sound: string[];
  wakesMs: number[];
  poisoned: unknown[];
}

function sort(records: readonly unknown[]): Sorted {
  const sorted: Sorted = { sound: [], wakesMs: [], poisoned: [] };
  for (const record of records) {
    const due = isMessage(record) ? decodeWake(record.body) : undefined;
    const id = isMessage(record) ? due !== undefined && record.messageId : sequenceNumber(record);
    if (id) sorted.sound.push(id);
    else sorted.poisoned.push(record);
    if (due !== undefined) sorted.wakesMs.push(due);
  }
  return sorted;
}

function isMessage(record: any): record is SQSRecord {
  return record?.eventSource === 'aws:sqs' && typeof record.messageId === 'string';
}

/** Of a record of a stream of keys; undefined: it is none. */
function sequenceNumber(record: any): string | undefined {
  const { Keys, SequenceNumber } = record?.dynamodb ?? {};
  const isKey = (value: any) => typeof value?.S === 'string' || typeof value?.N === 'string';
  return isKey(Keys?.pk) && isKey(Keys?.sk) ? SequenceNumber : undefined;
}

function answer(failed: readonly string[]): BatchResponse {
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
