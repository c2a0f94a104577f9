import { SQSClient } from '@aws-sdk/client-sqs';
import type { Agent } from '../../../agent/agent.ts';
import { ALWAYS_FOLLOWED, FOLLOWS_ANNOTATION, QUEUE_ANNOTATION } from '../../../lib/api/annotations.ts';
import type { HeldWatch } from '../../../lib/api-proxy/contract.ts';
import type { Client } from '../../../lib/client/client.ts';
import { followNotices } from '../../../lib/client/notices.ts';
import { nodes } from '../../../lib/client/resource-type.ts';
import { sqsNotices } from '../../../lib/cloud/aws/node-queue.ts';
import type { AwsCredentials } from '../../../lib/cloud/aws/sts-token.ts';
import { delay } from '../../../lib/runtime/clock.ts';
import { type Backoff, backoffMs } from '../../../lib/runtime/queue.ts';
import type { Platform } from '../control-plane.ts';
import type { NodeApi } from './api.ts';

export interface NoticesOptions {
  api: NodeApi;
  agent: Agent;
  nodeName: string;
  region: string;
  credentials(): Promise<AwsCredentials>;
  signal: AbortSignal;
}

/** Nobody can send a notice before there is a queue. */
const WAIT_FOR_QUEUE: Backoff = { baseMs: 1000, maxMs: 60_000, jitter: 0.5 };
const INTEREST_MS = 2000;
/** Somebody who watches again at once is not forgotten in between. */
const FORGET_MS = 600_000;

/** Receives from the queue that the Node names, for as long as it names that. */
export async function receiveNotices(options: NoticesOptions, { clock, random, log }: Platform): Promise<void> {
  const { api, agent, nodeName, signal } = options;
  // A queue's URL names the region's endpoint; where another is configured, that counts.
  const sqs = new SQSClient({ region: options.region, credentials: options.credentials, useQueueUrlAsEndpoint: false });
  const named = () => agent.nodes.get(nodeName)?.metadata.annotations?.[QUEUE_ANNOTATION];
  for (let waits = 0; !signal.aborted; waits++) {
    const url = named();
    if (!url) {
      // Nobody tells yet: what moves is found by asking, and ever more seldom.
      api.proxy.wakeAll();
      await delay(clock, backoffMs(waits, random, WAIT_FOR_QUEUE), signal);
      continue;
    }
    const changed = new AbortController();
    const unsubscribe = agent.nodes.subscribe(() => {
      if (named() !== url) changed.abort();
    });
    await followNotices({
      queue: sqsNotices(sqs, url),
      wake: (resource, revision) => api.proxy.wake(resource, revision),
      wakeAll: () => api.proxy.wakeAll(),
      clock,
      random,
      log,
      signal: AbortSignal.any([signal, changed.signal]),
    });
    unsubscribe();
    waits = 0;
  }
}

/** Says on the Node what is watched from here beyond what every node is told of. */
export async function declareInterest(
  client: Client,
  options: NoticesOptions,
  { clock, log }: Platform,
): Promise<void> {
  const { api, agent, nodeName, signal } = options;
  const seenAt = new Map<string, number>();
  while (!signal.aborted) {
    const now = clock.now();
    for (const resource of interests(api.proxy.held(), api.isOwn)) seenAt.set(resource, now);
    for (const [resource, at] of seenAt) if (now - at > FORGET_MS) seenAt.delete(resource);
    const wanted = [...seenAt.keys()].sort().join(',');
    const node = agent.nodes.get(nodeName);
    if (node && (node.metadata.annotations?.[FOLLOWS_ANNOTATION] ?? '') !== wanted) {
      const body = { metadata: { annotations: { [FOLLOWS_ANNOTATION]: wanted || null } } };
      await client
        .patch(nodes, { name: nodeName }, { type: 'merge', body })
        .catch((error: unknown) => log('cannot say what is watched from here', { error }));
    }
    await delay(clock, INTEREST_MS, signal);
  }
}

/** The node's own watches of single objects, and of its own pods, are known without a word. */
export function interests(
  held: readonly HeldWatch[],
  isOwn: (authorization: string | undefined) => boolean,
): Set<string> {
  const always = new Set(ALWAYS_FOLLOWED.map((resource) => resource.split('.')[0]!));
  const told = held.filter(({ url, authorization }) => !(isOwn(authorization) && url.includes('fieldSelector=')));
  return new Set(told.map(({ resource }) => resource).filter((resource) => !always.has(resource)));
}
