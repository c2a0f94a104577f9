import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Wakes } from '../../client/invocation/wakes.ts';
import { MAX_WAKE_MS } from '../../client/invocation/wakes.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';

export interface SqsWakesOptions {
  sqs: SQSClient;
  queueUrl: string;
  mapping: EventSourceMapping;
  clock: Clock;
}

/** Delayed messages of a queue that invokes the function: `{"due": …}`. */
export function sqsWakes({ sqs, queueUrl, mapping, clock }: SqsWakesOptions): Wakes {
  return {
    on: () => mapping.enable(true),
    off: () => mapping.enable(false),
    async send(dueMs) {
      const delayMs = Math.min(MAX_WAKE_MS, Math.max(0, dueMs - clock.now()));
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify({ due: dueMs }),
          DelaySeconds: Math.ceil(delayMs / 1000),
        }),
      );
    },
  };
}

/** Undefined: it is none. */
export function decodeWake(body: string): number | undefined {
  try {
    const { due } = JSON.parse(body) as { due?: unknown };
    return typeof due === 'number' && Number.isFinite(due) ? due : undefined;
  } catch {
    return undefined; // not ours
  }
}
