/** The apiserver behind API Gateway. Where the runtime streams answers, all go that way; elsewhere each is answered at once. */
import type { Writable } from 'node:stream';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type AwsApiserver, openAwsApiserver } from '../../bin/compose/aws-apiserver.ts';
import {
  answerCustomResource,
  type CustomResourceEvent,
  isCustomResourceEvent,
} from '../../lib/cloud/aws/custom-resource.ts';
import { awsEnvironment } from '../../lib/cloud/aws/environment.ts';
import { functionInvoke } from '../../lib/cloud/aws/invoke.ts';
import type { ClusterKeys } from '../../lib/cloud/aws/key-parameters.ts';
import { awake } from '../../lib/runtime/awake.ts';
import { systemClock as clock } from '../../lib/runtime/clock.ts';
import { lineLog } from '../../lib/runtime/log.ts';
import { once } from '../../lib/runtime/once.ts';
import { systemRandom as random } from '../../lib/runtime/random.ts';
import { withVirtualNode } from '../capacity/fargate/backend.ts';
import { vpcBackend } from '../vpc/backend.ts';
import type { Backend } from './dependencies.ts';
import { bufferedResult } from './gateway/buffered.ts';
import { gatewayRequest } from './gateway/request.ts';
import { streamResult } from './gateway/streamed.ts';

/** A function may run for fifteen minutes. */
const STREAMED_WATCH_SECONDS = 14 * 60;
/** API Gateway waits for 29 s; someone waits for this answer, and is billed for it. */
const BUFFERED_WATCH_SECONDS = 10;

/** The SDK makes the global object too, without what streams. */
const streams = typeof (globalThis as Partial<typeof globalThis>).awslambda?.streamifyResponse === 'function';

type Event = APIGatewayProxyEvent | CustomResourceEvent;

const environment = awsEnvironment(process.env);
const log = lineLog((line) => process.stdout.write(line), clock);

/** Set where the stacks have a virtual node. */
const fargateLogs = process.env['ZEROPLANE_FARGATE_LOGS'];

/** What pods on Fargate wrote: the clients are loaded when somebody asks. */
const taskLogSource = once(async () => {
  const [{ ECSClient }, { CloudWatchLogsClient }, { describeTasks }, { taskLogs }] = await Promise.all([
    import('../../lib/cloud/aws/ecs-client.ts'),
    import('../../lib/cloud/aws/logs-client.ts'),
    import('../../lib/cloud/aws/describe-tasks.ts'),
    import('../../lib/cloud/aws/task-logs.ts'),
  ]);
  const ecs = new ECSClient({});
  return {
    logs: taskLogs(new CloudWatchLogsClient({}), fargateLogs ?? ''),
    alive: async (id: string) =>
      (await describeTasks(ecs, environment.cluster, [id])).some(({ state }) => state !== 'stopped'),
    clock,
  };
});

/** Nodes and pods, through the function in their VPC. */
function inside({ kubeletClient, authorityCertificate: ca }: ClusterKeys): Backend {
  const { buffered, streamed } = functionInvoke(new LambdaClient({}), `${environment.cluster}-vpc`);
  const { certificate: cert, key } = kubeletClient;
  const nodes = vpcBackend({ buffered, ...(streams && { streamed }) }, { cert, key, ca });
  return fargateLogs ? withVirtualNode(nodes, taskLogSource) : nodes;
}

/** Begun before the first request, and again with the next one if it failed. */
function open(): Promise<AwsApiserver> {
  const opening = openAwsApiserver(environment, { clock, random, log }, inside);
  opening.catch(() => {
    opened = undefined;
  });
  return opening;
}

let opened: Promise<AwsApiserver> | undefined = open();

function apiserver(): Promise<AwsApiserver> {
  opened ??= open();
  return opened;
}

async function buffered(event: Event): Promise<APIGatewayProxyResult | undefined> {
  if (isCustomResourceEvent(event)) return bootstrap(event);
  const left = new AbortController();
  const asked = gatewayRequest(event, BUFFERED_WATCH_SECONDS, left.signal);
  const response = await (await apiserver()).apiserver.fetch(asked.request, asked.connection);
  return bufferedResult(response, asked, { clock, end: () => left.abort() });
}

async function streamed(event: Event, out: Writable): Promise<void> {
  if (isCustomResourceEvent(event)) {
    await bootstrap(event);
    out.end();
    return;
  }
  const left = new AbortController();
  const asked = gatewayRequest(event, STREAMED_WATCH_SECONDS, left.signal);
  const response = await (await apiserver()).apiserver.fetch(asked.request, asked.connection);
  const begin = (head: object) => awslambda.HttpResponseStream.from(out as never, head as never) as unknown as Writable;
  await streamResult(response, asked, { clock, open: begin, end: () => left.abort() });
}

/** Each deployment makes or mends what every cluster has; so no cold start has to look. */
async function bootstrap(event: CustomResourceEvent): Promise<undefined> {
  await answerCustomResource(event, async () => {
    if (event.RequestType !== 'Delete') await (await apiserver()).bootstrap();
    return { physicalId: `${environment.cluster}-objects` };
  });
}

export const handler = streams
  ? awslambda.streamifyResponse<Event>((event, out) => awake(() => streamed(event, out)))
  : (event: Event) => awake(() => buffered(event));
