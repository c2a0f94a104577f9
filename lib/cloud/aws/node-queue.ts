import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { NoticeQueue } from '../../client/notices.ts';

/** SQS's longest poll: an idle node asks 4,320 times a day, five cents a month. */
const WAIT_SECONDS = 20;
const MAX_MESSAGES = 10;
/** A received notice is deleted at once; one that was not comes again. */
const VISIBILITY_SECONDS = 30;
/** Older ones tell nothing: a node that was away catches up by itself. */
const RETENTION_SECONDS = 300;

export function sqsNotices(sqs: SQSClient, queueUrl: string): NoticeQueue {
  return {
    async receive(signal) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          WaitTimeSeconds: WAIT_SECONDS,
          MaxNumberOfMessages: MAX_MESSAGES,
        }),
        { abortSignal: signal },
      );
      return {
        bodies: Messages.map(({ Body = '' }) => Body),
        async done() {
          if (Messages.length === 0) return;
          const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
          await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        },
      };
    },
  };
}

/** The queues of a cluster's nodes, as the controllers make and remove them. */
export interface NodeQueues {
  /** The URL of the node's queue, which is made if there is none. */
  ensure(nodeName: string): Promise<string>;
  remove(nodeName: string): Promise<void>;
  /** Nodes that have a queue. */
  list(): Promise<string[]>;
}

export interface NodeQueuesOptions {
  sqs: SQSClient;
  cluster: string;
  /** `arn:aws:iam::111122223333:role/ROLE`, as instances have it. */
  instanceRole: string;
}

export function nodeQueues({ sqs, cluster, instanceRole }: NodeQueuesOptions): NodeQueues {
  const nameOf = (nodeName: string) => queuePrefix(cluster) + nodeName;
  return {
    async ensure(nodeName) {
      const QueueName = nameOf(nodeName);
      const { QueueUrl } = await sqs.send(
        new CreateQueueCommand({ QueueName, tags: { 'zeroplane:cluster': cluster } }),
      );
      const Attributes = {
        MessageRetentionPeriod: String(RETENTION_SECONDS),
        VisibilityTimeout: String(VISIBILITY_SECONDS),
        SqsManagedSseEnabled: 'true',
        Policy: JSON.stringify(queuePolicy(instanceRole, nodeName, QueueName)),
      };
      // Not with CreateQueue: it fails where a queue of other attributes is there.
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
      return QueueUrl!;
    },
    async remove(nodeName) {
      try {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: nameOf(nodeName) }));
        await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      } catch (error) {
        if (!(error instanceof QueueDoesNotExist)) throw error;
      }
    },
    async list() {
      const names: string[] = [];
      for (let NextToken: string | undefined; ; ) {
        const QueueNamePrefix = queuePrefix(cluster);
        const page = await sqs.send(new ListQueuesCommand({ QueueNamePrefix, MaxResults: 1000, NextToken }));
        for (const url of page.QueueUrls ?? [])
          names.push(url.slice(url.lastIndexOf('/') + 1 + QueueNamePrefix.length));
        NextToken = page.NextToken;
        if (!NextToken) return names;
      }
    },
  };
}

/** The stacks grant rights on queues of this prefix. Names have 80 characters at most; instance ids take 19. */
export function queuePrefix(cluster: string): string {
  return `${cluster}-node-`;
}

/** The instance alone takes from its queue: its role's session is named after it. Source: "AWS JSON policy elements: Principal", role session principals. */
export function queuePolicy(instanceRole: string, nodeName: string, queueName: string): object {
  const [, partition, , , account, role] = instanceRole.split(':') as [string, string, string, string, string, string];
  const session = `arn:${partition}:sts::${account}:assumed-role/${role.slice(role.lastIndexOf('/') + 1)}/${nodeName}`;
  const statement = {
    Sid: 'Node',
    Effect: 'Allow',
    Principal: { AWS: session },
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
    Resource: `arn:${partition}:sqs:*:${account}:${queueName}`,
  };
  return { Version: '2012-10-17', Statement: [statement] };
}
