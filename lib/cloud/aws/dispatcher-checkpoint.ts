import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

const KEY = { pk: { S: 'function/dispatcher' } };

/** The dispatcher's item of the table `counters`. */
export function dispatcherCheckpoint(dynamodb: DynamoDBClient, table: string) {
  return {
    async read(): Promise<number | undefined> {
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: KEY, ConsistentRead: true }));
      return Item?.['revision']?.N === undefined ? undefined : Number(Item['revision'].N);
    },
    async raise(revision: number): Promise<void> {
      try {
        await dynamodb.send(
          new UpdateItemCommand({
            TableName: table,
            Key: KEY,
            UpdateExpression: 'SET revision = :revision',
            ConditionExpression: 'attribute_not_exists(revision) OR revision < :revision',
            ExpressionAttributeValues: { ':revision': { N: String(revision) } },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error; // another has come further
      }
    },
  };
}
