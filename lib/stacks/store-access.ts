import type { ClusterFunction } from './cluster-function.ts';
import type { StorageStack } from './storage.ts';

/** Reads and commits; nobody may scan or delete a table's items: what expires is removed by its time to live. */
const STORE_ACTIONS = [
  'dynamodb:GetItem',
  'dynamodb:BatchGetItem',
  'dynamodb:Query',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:ConditionCheckItem',
];

/** Whoever embeds the apiserver needs the whole store. */
export function allowStore(target: ClusterFunction, { tables }: StorageStack): void {
  target.allow(
    STORE_ACTIONS,
    Object.values(tables).map((table) => table.tableArn),
  );
}
