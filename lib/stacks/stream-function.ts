import { Duration, Stack } from 'aws-cdk-lib';
import type { ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterCriteria, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ANY_RESOURCE, acknowledge, wildcard } from './acknowledge.ts';
import { ClusterFunction, type ClusterFunctionProps } from './cluster-function.ts';
import { names } from './names.ts';

export interface StreamFunctionProps extends ClusterFunctionProps {
  stream: Table;
  /** Which records wake the function; all but removals by time to live where absent. */
  filter?: Record<string, unknown>;
  /** It wakes itself later through a queue of its own. */
  timers: boolean;
}

const MAX_BATCH = 1_000;
/** A record that fails so often ends in the queue of dead letters; its shard goes on. */
const RETRY_ATTEMPTS = 8;
const MAX_TIMER_BATCH = 10;
const MAX_TIMER_RECEIVES = 5;

/** A function that a table's stream wakes, with its dead letters and its timers. */
export class StreamFunction extends Construct {
  readonly part: ClusterFunction;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: StreamFunctionProps) {
    super(scope, id);
    const queueName = (suffix: string) => `${names(props.settings).function(props.part)}-${suffix}`;
    const timers = props.timers ? this.timersQueue(queueName) : undefined;
    this.deadLetters = deadLetters(this, 'DeadLetters', queueName('dead-letters'));
    this.part = new ClusterFunction(this, 'Part', {
      ...props,
      environment: {
        ...props.environment,
        ZEROPLANE_DEAD_LETTERS_QUEUE: this.deadLetters.queueUrl,
        ...(timers && { ZEROPLANE_TIMERS_QUEUE: timers.queueUrl }),
      },
    });
    // What it cannot make sense of it puts aside itself: retried, it would hold up its shard.
    this.deadLetters.grantSendMessages(this.part.role);
    acknowledge(this.part, { [ANY_RESOURCE]: 'Listing streams and mappings knows no resources' });
    const { function: target } = this.part;
    target.addEventSource(wokenBy(props, this.deadLetters));
    if (timers) this.wakesItself(timers, target);
  }

  private timersQueue(queueName: (suffix: string) => string): Queue {
    return new Queue(this, 'Timers', {
      queueName: queueName('timers'),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's timeout. Source: "Configuring an SQS queue to use with Lambda".
      visibilityTimeout: Duration.minutes(30),
      deadLetterQueue: {
        queue: deadLetters(this, 'TimerDeadLetters', queueName('timers-dead-letters')),
        maxReceiveCount: MAX_TIMER_RECEIVES,
      },
    });
  }

  /** Polling a queue is paid for: the mapping is off until a message is due, which the function itself sees to. */
  private wakesItself(timers: Queue, target: LambdaFunction): void {
    const source = new SqsEventSource(timers, {
      enabled: false,
      batchSize: MAX_TIMER_BATCH,
      reportBatchItemFailures: true,
    });
    target.addEventSource(source);
    timers.grantSendMessages(this.part.role);
    // Not by the mapping's own name: the mapping waits for the function, which waits for its role's rights.
    this.part.role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'],
        resources: [Stack.of(this).formatArn({ service: 'lambda', resource: 'event-source-mapping:*' })],
        conditions: { ArnEquals: { 'lambda:FunctionArn': this.part.ownArn } },
      }),
    );
    this.part.allow(['lambda:ListEventSourceMappings'], ['*']);
    acknowledge(this.part, {
      [wildcard('lambda', 'event-source-mapping:*')]: 'Only those of the function itself, by a condition',
    });
  }
}

function wokenBy({ stream, filter }: StreamFunctionProps, dlq: Queue): DynamoEventSource {
  return new DynamoEventSource(stream as ITable, {
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: MAX_BATCH,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    retryAttempts: RETRY_ATTEMPTS,
    onFailure: new SqsDlq(dlq),
    filters: [FilterCriteria.filter({ eventName: ['INSERT', 'MODIFY'], ...filter })],
  });
}

function deadLetters(scope: Construct, id: string, queueName: string): Queue {
  const queue = new Queue(scope, id, {
    queueName,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(queue, { 'AwsSolutions-SQS3': 'It holds dead letters itself' });
  return queue;
}
