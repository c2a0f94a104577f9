import {
  type ConsumedCapacity,
  type DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import {
  type CommitOutcome,
  type Counter,
  type Database,
  DatabaseError,
  type Slot,
  type Stamp,
  type StoredObject,
  type Transaction,
} from './database.ts';
import type { Meter } from './meter.ts';
import { databaseError } from './sdk-failure.ts';
import * as items from './sdk-items.ts';
import { refusedOutcome, transactionInput } from './sdk-transaction.ts';
import { tableName } from './tables.ts';

/**
 * For the client: the store repeats what may be repeated by itself, and a request that hangs is given up long before a Lambda would be.
 * Connections stay open, as is the SDK's habit.
 */
export const DYNAMODB_CLIENT: DynamoDBClientConfig = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
};

export interface SdkDatabaseOptions {
  /** Made with DYNAMODB_CLIENT. */
  client: DynamoDBClient;
  /** Of the tables' names. */
  prefix: string;
  clock?: Clock;
  /** Is told of every request and what it cost. */
  meter?: Meter;
}

export function sdkDatabase(options: SdkDatabaseOptions): Database {
  return new SdkDatabase(options);
}

interface Answer {
  ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] | undefined;
}

class SdkDatabase implements Database {
  readonly #client: DynamoDBClient;
  readonly #clock: Clock;
  readonly #meter: Meter | undefined;
  readonly #tables: Record<'objects' | 'log' | 'counters' | 'parts', string>;

  constructor({ client, prefix, clock = systemClock, meter }: SdkDatabaseOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#meter = meter;
    const name = (table: 'objects' | 'log' | 'counters' | 'parts') => tableName(prefix, table);
    this.#tables = { objects: name('objects'), log: name('log'), counters: name('counters'), parts: name('parts') };
  }

  async nextRevision({ atMs, decided }: Stamp, deadlineMs: number): Promise<number> {
    const knows = decided !== undefined;
    const { Attributes } = await this.#update(
      {
        TableName: this.#tables.counters,
        Key: items.COUNTER_KEY,
        UpdateExpression: `ADD #revision :one SET #at = :at${knows ? ', #decided = :decided' : ''}`,
        ExpressionAttributeNames: { '#revision': 'revision', '#at': 'at', ...(knows ? { '#decided': 'decided' } : {}) },
        ExpressionAttributeValues: {
          ':one': items.N(1),
          ':at': items.N(atMs),
          ...(knows ? { ':decided': items.N(decided) } : {}),
        },
        ReturnValues: 'UPDATED_NEW',
      },
      deadlineMs,
    );
    return items.counterOf(Attributes).revision;
  }

  async readCounter(): Promise<Counter> {
    return items.counterOf(await this.#get(this.#tables.counters, items.COUNTER_KEY));
  }

  async raiseCompacted(revision: number): Promise<void> {
    await this.#unlessRefused(() =>
      this.#update({
        TableName: this.#tables.counters,
        Key: items.COUNTER_KEY,
        UpdateExpression: 'SET #compacted = :revision',
        ConditionExpression: 'attribute_not_exists(#compacted) OR #compacted < :revision',
        ExpressionAttributeNames: { '#compacted': 'compacted' },
        ExpressionAttributeValues: { ':revision': items.N(revision) },
      }),
    );
  }

  async readObject(key: string): Promise<StoredObject | undefined> {
    const item = await this.#get(this.#tables.objects, items.objectKey(key));
    return item && items.storedObject(item);
  }

  async queryObjects(
    prefix: string,
    { after, limit }: { after?: string; limit?: number },
  ): Promise<{ objects: StoredObject[]; next?: string }> {
    const { pk, sk } = items.objectKey(prefix);
    const within = sk!.S === '' ? {} : { ':sk': sk! };
    const { Items = [], LastEvaluatedKey } = await this.#query({
      TableName: this.#tables.objects,
      KeyConditionExpression: sk!.S === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk!, ...within },
      ...(after === undefined ? {} : { ExclusiveStartKey: items.objectKey(after) }),
      ...(limit === undefined ? {} : { Limit: limit }),
    });
    const objects = Items.map(items.storedObject);
    return LastEvaluatedKey
      ? { objects, next: `${LastEvaluatedKey['pk']!.S}/${LastEvaluatedKey['sk']!.S}` }
      : { objects };
  }

  async querySlots(bucket: number, from: number, to: number): Promise<Slot[]> {
    const slots: Slot[] = [];
    let start: items.AttributeMap | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await this.#query({
        TableName: this.#tables.log,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': items.N(bucket), ':from': items.N(from), ':to': items.N(to) },
        ...(start ? { ExclusiveStartKey: start } : {}),
      });
      slots.push(...Items.map(items.slotOf));
      start = LastEvaluatedKey;
    } while (start);
    return slots;
  }

  async readSlot(revision: number): Promise<Slot | undefined> {
    const item = await this.#get(this.#tables.log, items.slotKey(revision));
    return item && items.slotOf(item);
  }

  fillSlot(revision: number, stamp: Stamp, deadlineMs: number): Promise<boolean> {
    const input = {
      TableName: this.#tables.log,
      Item: items.slotItem({ revision, ...stamp }),
      ConditionExpression: 'attribute_not_exists(pk)',
    };
    return this.#unlessRefused(() => this.#put(input, deadlineMs));
  }

  async commit(transaction: Transaction, deadlineMs: number): Promise<CommitOutcome> {
    const command = new TransactWriteItemsCommand({
      ...transactionInput(transaction, this.#tables),
      ReturnConsumedCapacity: this.#capacity,
    });
    try {
      await this.#request('TransactWriteItems', () => this.#client.send(before(command, this.#clock, deadlineMs)));
      return { committed: true };
    } catch (error) {
      const { cause } = error as DatabaseError;
      if (!(cause instanceof TransactionCanceledException)) throw error;
      return refusedOutcome(transaction, cause.CancellationReasons ?? [], cause);
    }
  }

  async writeParts(id: string, parts: readonly Uint8Array[]): Promise<void> {
    await Promise.all(
      parts.map((part, number) =>
        this.#put({ TableName: this.#tables.parts, Item: { ...items.partKey(id, number), body: items.B(part) } }),
      ),
    );
  }

  async readParts(id: string, count: number): Promise<Uint8Array[] | undefined> {
    const keys = Array.from({ length: count }, (_, number) => items.partKey(id, number));
    const parts = await Promise.all(keys.map((key) => this.#get(this.#tables.parts, key)));
    const bytes = parts.flatMap((part) => part?.['body']?.B ?? []);
    return bytes.length === count ? bytes : undefined;
  }

  async expireParts(id: string, count: number, atMs: number): Promise<void> {
    const keys = Array.from({ length: count }, (_, number) => items.partKey(id, number));
    await Promise.all(
      keys.map((Key) =>
        this.#unlessRefused(() =>
          this.#update({
            TableName: this.#tables.parts,
            Key,
            UpdateExpression: 'SET #expires = :expires',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeNames: { '#expires': 'expires' },
            ExpressionAttributeValues: { ':expires': items.seconds(atMs) },
          }),
        ),
      ),
    );
  }

  get #capacity(): 'TOTAL' | 'NONE' {
    return this.#meter ? 'TOTAL' : 'NONE';
  }

  async #get(TableName: string, Key: items.AttributeMap): Promise<items.AttributeMap | undefined> {
    const input = { TableName, Key, ConsistentRead: true, ReturnConsumedCapacity: this.#capacity };
    return (await this.#request('GetItem', () => this.#client.send(new GetItemCommand(input)))).Item;
  }

  #query(input: QueryCommandInput) {
    const command = new QueryCommand({ ...input, ConsistentRead: true, ReturnConsumedCapacity: this.#capacity });
    return this.#request('Query', () => this.#client.send(command));
  }

  #put(
    input: { TableName: string; Item: items.AttributeMap; ConditionExpression?: string },
    deadlineMs = Number.POSITIVE_INFINITY,
  ) {
    const command = new PutItemCommand({ ...input, ReturnConsumedCapacity: this.#capacity });
    return this.#request('PutItem', () => this.#client.send(before(command, this.#clock, deadlineMs)));
  }

  #update(input: UpdateItemCommandInput, deadlineMs = Number.POSITIVE_INFINITY) {
    const command = new UpdateItemCommand({ ...input, ReturnConsumedCapacity: this.#capacity });
    return this.#request('UpdateItem', () => this.#client.send(before(command, this.#clock, deadlineMs)));
  }

  async #request<T extends Answer>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      const answer = await send();
      this.#meter?.count(operation, units(operation, answer));
      return answer;
    } catch (error) {
      this.#meter?.count(operation, {});
      throw databaseError(error);
    }
  }

  /** False: its condition did not hold. */
  async #unlessRefused(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (((error as DatabaseError).cause as Error)?.name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }
}

/** Throws instead of signing the request after its deadline: a process may have been frozen on the way to here. */
function before<C extends TransactWriteItemsCommand | UpdateItemCommand | PutItemCommand>(
  command: C,
  clock: Clock,
  deadlineMs: number,
): C {
  command.middlewareStack.addRelativeTo(
    (next: any) => async (args: any) => {
      if (clock.now() > deadlineMs) throw new DatabaseError('DeadlinePassed', 'the deadline is over');
      return next(args);
    },
    { name: 'deadline', relation: 'before', toMiddleware: 'httpSigningMiddleware' },
  );
  return command;
}

function units(operation: string, { ConsumedCapacity }: Answer): { read?: number; write?: number } {
  const all = [ConsumedCapacity ?? []].flat();
  const sum = all.reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0);
  return operation === 'GetItem' || operation === 'Query' ? { read: sum } : { write: sum };
}
