import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import type { InvocationDriver } from '../../lib/client/invocation/driver.ts';
import { awsEnvironment } from '../../lib/cloud/aws/environment.ts';
import { queueMapping } from '../../lib/cloud/aws/event-source-mapping.ts';
import { type FunctionEvent, functionEvents } from '../../lib/cloud/aws/function-events.ts';
import { dynamoState } from '../../lib/cloud/aws/function-state.ts';
import { sqsWakes } from '../../lib/cloud/aws/sqs-wakes.ts';
import { awake } from '../../lib/runtime/awake.ts';
import { once } from '../../lib/runtime/once.ts';
import { tableName } from '../../lib/storage/dynamodb/tables.ts';
import { type AwsApiserver, openAwsApiserver } from './aws-apiserver.ts';
import type { Platform } from './control-plane.ts';
import { composeFunction } from './invocations.ts';

export interface AwsFunctionOptions {
  /** As its item in `counters` is named: `scheduler`. */
  name: string;
  /** The bundle's own file: another deployment has another. */
  bundle: string;
  env: Readonly<Record<string, string | undefined>>;
  platform: Platform;
  controllersOf(
    ...made: [...Parameters<Parameters<typeof composeFunction>[1]>, AwsApiserver]
  ): ReturnType<Parameters<typeof composeFunction>[1]>;
}

/** The handler of a function that the `objects` stream wakes. Nothing is opened before the first event. */
export function awsFunction({ name, bundle, env, platform, controllersOf }: AwsFunctionOptions) {
  const text = (variable: string) => {
    const value = env[variable];
    if (value === undefined) throw new Error(`the environment lacks ${variable}`);
    return value;
  };
  const { clock, random } = platform;
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  const open = async (): Promise<InvocationDriver> => {
    const environment = awsEnvironment(env);
    const aws = await openAwsApiserver(environment, platform);
    const queueUrl = text('ZEROPLANE_TIMERS_QUEUE');
    const mapping = queueMapping(text('AWS_LAMBDA_FUNCTION_NAME'), queueUrl, clock);
    const table = tableName(environment.tablePrefix, 'counters');
    return composeFunction(
      {
        ...platform,
        ...aws,
        state: dynamoState({ dynamodb: new DynamoDBClient({}), table, name, clock, random }),
        wakes: sqsWakes({ sqs, queueUrl, mapping, clock }),
        deployment: createHash('sha256').update(readFileSync(bundle)).digest('hex').slice(0, 16),
      },
      (caches, clients) => controllersOf(caches, clients, aws),
    );
  };
  const handle = functionEvents({
    driver: once(open),
    async deadLetter(record) {
      const QueueUrl = text('ZEROPLANE_DEAD_LETTERS_QUEUE');
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(record) }));
    },
    clock,
    log: platform.log,
  });
  return (event: FunctionEvent, context: Context) => awake(() => handle(event, context));
}
