import { type Clock, delay } from '../../runtime/clock.ts';

/** What invokes a function with the messages of a queue. It polls while it is enabled. */
export interface EventSourceMapping {
  /** Takes effect within a minute. */
  enable(on: boolean): Promise<void>;
}

/** A mapping that is still changing over refuses the next change. */
const RETRY_MS = 2000;
const MAX_TRIES = 30;

/**
 * The mapping from this queue to this function. It is looked up: the stack cannot tell the function of it, as the one needs the other's name.
 * The client is loaded with the first change, which most processes never make.
 */
export function queueMapping(functionName: string, queueUrl: string, clock: Clock): EventSourceMapping {
  let uuid: string | undefined;
  return {
    async enable(on) {
      const { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand, ResourceInUseException } =
        await import('./lambda-client.ts');
      const lambda = new LambdaClient({});
      if (!uuid) {
        const { EventSourceMappings = [] } = await lambda.send(
          new ListEventSourceMappingsCommand({ FunctionName: functionName }),
        );
        const name = queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
        uuid = EventSourceMappings.find(({ EventSourceArn = '' }) => EventSourceArn.endsWith(`:${name}`))?.UUID;
        if (!uuid) throw new Error(`nothing maps the queue ${name} to the function ${functionName}`);
      }
      for (let tries = 1; ; tries++) {
        try {
          await lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, Enabled: on }));
          return;
        } catch (error) {
          if (!(error instanceof ResourceInUseException) || tries >= MAX_TRIES) throw error;
        }
        await delay(clock, RETRY_MS);
      }
    },
  };
}
