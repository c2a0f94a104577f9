/** The controllers, woken by the stream of objects and by themselves. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { awsFunction } from '../../bin/compose/aws-function.ts';
import { awsEnvironment } from '../../lib/cloud/aws/environment.ts';
import { KEYS } from '../../lib/cloud/aws/key-parameters.ts';
import { nodeQueues } from '../../lib/cloud/aws/node-queue.ts';
import { ssmParameters } from '../../lib/cloud/aws/parameters.ts';
import type { KeyPair } from '../../lib/pki/certificate.ts';
import { systemClock as clock } from '../../lib/runtime/clock.ts';
import { lineLog } from '../../lib/runtime/log.ts';
import { once } from '../../lib/runtime/once.ts';
import { systemRandom as random } from '../../lib/runtime/random.ts';
import type { CloudNodes } from './dependencies.ts';
import { createControllers } from './index.ts';

const log = lineLog((line) => process.stdout.write(line), clock);

/** Read when something is to be signed. */
const authority = once(async (): Promise<KeyPair> => {
  const { keysPath } = awsEnvironment(process.env);
  const found = await ssmParameters(new SSMClient({}), keysPath).read([KEYS.authority]);
  return JSON.parse(found.get(KEYS.authority)!);
});

/** EC2's client is a quarter of what the bundle takes to load, and only a silent node needs it. */
const instances = once(async () => {
  const [{ EC2Client }, { awsInstances }] = await Promise.all([
    import('../../lib/cloud/aws/ec2-client.ts'),
    import('../../lib/cloud/aws/cloud-nodes.ts'),
  ]);
  return awsInstances(new EC2Client({}));
});

function cloud(): CloudNodes {
  const { cluster, nodeRole = '' } = awsEnvironment(process.env);
  // A queue's URL names the region's endpoint; where another is configured, that counts.
  const queues = nodeQueues({ sqs: new SQSClient({ useQueueUrlAsEndpoint: false }), cluster, instanceRole: nodeRole });
  return {
    instance: async (node) => (await instances())(node),
    ensureQueue: queues.ensure,
    removeQueue: queues.remove,
    queues: queues.list,
  };
}

export const handler = awsFunction({
  name: 'controllers',
  bundle: __filename,
  env: process.env,
  platform: { clock, random, log },
  controllersOf: (caches, clients, { keys }) =>
    createControllers({
      caches,
      clientFor: clients.controller,
      clock,
      random,
      rootCA: keys.authorityCertificate,
      authority,
      cloud: cloud(),
      followsLog: true,
    }),
});
