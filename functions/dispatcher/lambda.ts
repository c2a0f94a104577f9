/** The dispatcher, woken by the stream of the log: tells each node through its queue which resources moved. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueueDoesNotExist, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { openAwsStore } from '../../bin/compose/aws-store.ts';
import { storeLog } from '../../bin/compose/log-reader.ts';
import { dispatcherCheckpoint } from '../../lib/cloud/aws/dispatcher-checkpoint.ts';
import { awsEnvironment } from '../../lib/cloud/aws/environment.ts';
import { type FunctionEvent, functionEvents } from '../../lib/cloud/aws/function-events.ts';
import { awake } from '../../lib/runtime/awake.ts';
import { systemClock as clock } from '../../lib/runtime/clock.ts';
import { lineLog } from '../../lib/runtime/log.ts';
import { once } from '../../lib/runtime/once.ts';
import { systemRandom as random } from '../../lib/runtime/random.ts';
import { tableName } from '../../lib/storage/dynamodb/tables.ts';
import { createDispatcher } from './dispatcher.ts';

const log = lineLog((line) => process.stdout.write(line), clock);
// A queue's URL names the region's endpoint; where another is configured, that counts.
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });

/** False: the node is gone, and its queue. */
async function send(QueueUrl: string, MessageBody: string): Promise<boolean> {
  try {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    return true;
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return false;
    throw error;
  }
}

const dispatcher = once(async () => {
  const environment = awsEnvironment(process.env);
  const store = openAwsStore(environment, { clock, random });
  const table = tableName(environment.tablePrefix, 'counters');
  return createDispatcher({
    log: storeLog(store),
    checkpoint: dispatcherCheckpoint(new DynamoDBClient({}), table),
    send,
  });
});

const handle = functionEvents({
  driver: dispatcher,
  async deadLetter(record) {
    const QueueUrl = process.env['ZEROPLANE_DEAD_LETTERS_QUEUE'] ?? '';
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(record) }));
  },
  clock,
  log,
});

export const handler = (event: FunctionEvent, context: Context) => awake(() => handle(event, context));
