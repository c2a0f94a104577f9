import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Acquired, Checkpoint, FunctionState, Held } from '../../client/invocation/function-state.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';

export interface FunctionStateOptions {
  dynamodb: DynamoDBClient;
  /** The table `counters`. */
  table: string;
  /** `scheduler` */
  name: string;
  clock: Clock;
  random: Random;
}

type Item = Record<string, AttributeValue>;

/** One item of the table `counters`, `function/NAME`. */
export function dynamoState({ dynamodb, table, name, clock, random }: FunctionStateOptions): FunctionState {
  /** Undefined: the condition did not hold; what is there then is in `refused`. */
  const update = async (
    input: Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'>,
    refused: (item: Item) => void = () => undefined,
  ): Promise<Item | undefined> => {
    try {
      const { Attributes = {} } = await dynamodb.send(
        new UpdateItemCommand({
          ...input,
          TableName: table,
          Key: { pk: { S: `function/${name}` } },
          // Some of the names are reserved words.
          ExpressionAttributeNames: namesIn(`${input.UpdateExpression} ${input.ConditionExpression}`),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return Attributes;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      refused(error.Item ?? {});
      return undefined;
    }
  };
  const ifHeld = (token: number) => ({ ':token': { N: String(token) } });
  return {
    async acquire(untilMs) {
      const holder = random.uuid();
      let there: Item = {};
      const item = await update(
        {
          UpdateExpression: 'SET #until = :until, #holder = :holder ADD #token :one REMOVE #marked',
          ConditionExpression: 'attribute_not_exists(#until) OR #until <= :now',
          ExpressionAttributeValues: {
            ':until': { N: String(untilMs) },
            ':now': { N: String(clock.now()) },
            ':holder': { S: holder },
            ':one': { N: '1' },
          },
        },
        (found) => {
          there = found;
        },
      );
      // The SDK tried again after a reply that was lost: the refusal is by ourselves.
      if (!item && there['holder']?.S === holder) return acquired(there);
      return item ? acquired(item) : held(there);
    },
    async mark() {
      const values = { ':now': { N: String(clock.now()) }, ':true': { BOOL: true } };
      return Boolean(
        await update({
          UpdateExpression: 'SET #marked = :true',
          ConditionExpression: '#until > :now',
          ExpressionAttributeValues: values,
        }),
      );
    },
    async unmark(token) {
      return Boolean(
        await update({
          UpdateExpression: 'REMOVE #marked',
          ConditionExpression: '#token = :token',
          ExpressionAttributeValues: ifHeld(token),
        }),
      );
    },
    async noteWakes(token, on) {
      return Boolean(
        await update({
          UpdateExpression: 'SET #wakes = :on',
          ConditionExpression: '#token = :token',
          ExpressionAttributeValues: { ...ifHeld(token), ':on': { BOOL: on } },
        }),
      );
    },
    async release(token, checkpoint, { force } = { force: false }) {
      let there: Item = {};
      const unmarked = force ? '' : ' AND attribute_not_exists(#marked)';
      const item = await update(
        {
          UpdateExpression: `${checkpoint ? 'SET #checkpoint = :checkpoint ' : ''}REMOVE #until, #marked`,
          ConditionExpression: `#token = :token${unmarked}`,
          ExpressionAttributeValues: {
            ...ifHeld(token),
            ...(checkpoint && { ':checkpoint': { B: encodeCheckpoint(checkpoint) } }),
          },
        },
        (found) => {
          there = found;
        },
      );
      if (item) return 'released';
      return Number(there['token']?.N) === token ? 'marked' : 'lost';
    },
  };
}

function acquired(item: Item): Acquired {
  const { token, wakes, checkpoint } = item;
  return {
    held: true,
    token: Number(token?.N),
    wakesOn: wakes?.BOOL === true,
    ...(checkpoint?.B && { checkpoint: decodeCheckpoint(checkpoint.B) }),
  };
}

function held({ until, marked, wakes }: Item): Held {
  return { held: false, untilMs: Number(until?.N ?? 0), marked: marked?.BOOL === true, wakesOn: wakes?.BOOL === true };
}

/** `#until`: `until` */
function namesIn(expressions: string): Record<string, string> {
  return Object.fromEntries([...expressions.matchAll(/#(\w+)/g)].map(([name, word]) => [name, word!]));
}

/** Names of objects repeat: a tenth of their bytes. An item holds 400 KB, so some fifty thousand pending keys. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  return gzipSync(JSON.stringify(checkpoint));
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  return JSON.parse(gunzipSync(bytes).toString());
}
