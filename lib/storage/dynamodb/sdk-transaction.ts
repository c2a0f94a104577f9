import type { CancellationReason, TransactWriteItem, TransactWriteItemsCommandInput } from '@aws-sdk/client-dynamodb';
import { type CommitOutcome, DatabaseError, type ObjectCheck, type ObjectWrite, type Transaction } from './database.ts';
import { type AttributeMap, N, objectItem, objectKey, slotItem, storedObject, tombstoneItem } from './sdk-items.ts';

export interface TableNames {
  readonly objects: string;
  readonly log: string;
}

/** The transaction of a commit: each object, each check, and the slot at the end. Decision: docs/decisions/2026-11-25-one-log.md. */
export function transactionInput(transaction: Transaction, tables: TableNames): TransactWriteItemsCommandInput {
  const { slot, writes, checks } = transaction;
  return {
    TransactItems: [
      ...writes.map((write) => put(write, transaction, tables.objects)),
      ...checks.map((check) => mark(check, transaction, tables.objects)),
      {
        Put: {
          TableName: tables.log,
          Item: slotItem(slot),
          ConditionExpression: 'attribute_not_exists(#pk)',
          ExpressionAttributeNames: { '#pk': 'pk' },
        },
      },
    ],
  };
}

function put({ key, body, expected }: ObjectWrite, { slot }: Transaction, table: string): TransactWriteItem {
  const { revision, atMs } = slot;
  const item = body ? objectItem(key, revision, body) : tombstoneItem(key, revision, atMs);
  return { Put: { TableName: table, Item: item, ...condition(expected, revision) } };
}

function mark({ key, expected }: ObjectCheck, transaction: Transaction, table: string): TransactWriteItem {
  if (expected === 0) return put({ key, expected }, transaction, table);
  return {
    Update: {
      TableName: table,
      Key: objectKey(key),
      UpdateExpression: 'SET #checked = :revision',
      ...condition(expected, transaction.slot.revision),
    },
  };
}

/** What is there is what is expected, and nothing newer than us was there or looked there. */
function condition(expected: number, revision: number) {
  const common = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  if (expected === 0) {
    return {
      ...common,
      ConditionExpression: 'attribute_not_exists(#pk) OR (attribute_not_exists(#body) AND #revision < :revision)',
      ExpressionAttributeNames: { '#pk': 'pk', '#body': 'body', '#revision': 'revision' },
      ExpressionAttributeValues: { ':revision': N(revision) },
    };
  }
  return {
    ...common,
    ConditionExpression:
      '#revision = :expected AND attribute_exists(#body) AND (attribute_not_exists(#checked) OR #checked < :revision)',
    ExpressionAttributeNames: { '#body': 'body', '#revision': 'revision', '#checked': 'checked' },
    ExpressionAttributeValues: { ':expected': N(expected), ':revision': N(revision) },
  };
}

/** AWS, "TransactWriteItems": why each item of a cancelled transaction was refused, in their order. */
export function refusedOutcome(
  { writes, checks }: Transaction,
  reasons: readonly CancellationReason[],
  cause: unknown,
): CommitOutcome {
  const wrong = reasons.find(({ Code }) => Code === 'ValidationError' || Code === 'ItemCollectionSizeLimitExceeded');
  if (wrong) throw new DatabaseError(isTooLarge(wrong) ? 'TooLarge' : 'Failed', wrong.Message ?? '', cause);
  const objects = [...writes, ...checks];
  const refused = objects.flatMap(({ key }, i) => {
    const { Code, Item } = reasons[i] ?? {};
    if (Code !== 'ConditionalCheckFailed') return [];
    return [Item ? { key, present: storedObject(Item as AttributeMap) } : { key }];
  });
  const slotTaken = reasons[objects.length]?.Code === 'ConditionalCheckFailed';
  const conflict = reasons.some(({ Code }) => Code !== undefined && PASSING.has(Code));
  return { committed: false, slotTaken, refused, conflict };
}

const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

function isTooLarge({ Code, Message = '' }: CancellationReason): boolean {
  return Code === 'ItemCollectionSizeLimitExceeded' || /size/i.test(Message);
}
