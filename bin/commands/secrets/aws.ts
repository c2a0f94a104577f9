import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { KeysRequest, RingView } from '../../../lib/cloud/aws/keys-function.ts';
import type { CommandContext } from '../../../lib/cluster/context.ts';
import { ClusterError } from '../../../lib/cluster/error.ts';
import type { Progress } from '../../../lib/cluster/progress.ts';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import { systemRandom } from '../../../lib/runtime/random.ts';
import { DYNAMODB_CLIENT } from '../../../lib/storage/dynamodb/sdk-database.ts';
import { RING_AGE_MS } from '../../../lib/storage/encryption/parameter-ring.ts';
import { openAwsStore } from '../../compose/aws-store.ts';
import { awsClient } from '../aws/client.ts';
import { type AwsOptions, credentialsOf } from '../aws/credentials.ts';
import { type AwsTarget, awsTarget } from '../aws/target.ts';
import { askKeys } from './ask-keys.ts';
import { rotate } from './rotate.ts';
import { sealedIn } from './sealed-in.ts';
import type { Sealing } from './sealing.ts';
import { sealingStatus } from './status.ts';

export interface AwsSecretsOptions extends AwsOptions {
  /** The cluster, as its stacks are named. */
  aws: string;
}

/** A function that has just read the ring writes with it for so long, and what it has begun takes a moment. */
const SETTLE_MS = RING_AGE_MS + 5_000;
const POLL_MS = 5_000;
const MAX_POLLS = 360;

export async function rotateAws(options: AwsSecretsOptions, context: CommandContext): Promise<void> {
  await rotate(await awsSealing(options, context), context);
}

export async function statusAws(options: AwsSecretsOptions, context: CommandContext): Promise<string> {
  return sealingStatus(await awsSealing(options, context));
}

/** Forgets keys that seal no present Secret and have not written for an hour. What they sealed is in older backups only. */
export async function pruneAws(options: AwsSecretsOptions, context: CommandContext): Promise<string> {
  const target = await awsTarget(options.aws, options);
  const ask = await asking(target, options);
  const before = await ask({ action: 'status' });
  const { objects } = await sealedOn(target, options, context.clock);
  const { keys } = await ask({ action: 'prune', needed: [...objects.keys()] });
  const kept = keys.map(({ name }) => name);
  const gone = before.keys.map(({ name }) => name).filter((name) => !kept.includes(name));
  return `${gone.length > 0 ? `Forgotten: ${gone.join(', ')}` : 'No key could be forgotten'}; there are ${kept.join(', ')}.`;
}

async function awsSealing(options: AwsSecretsOptions, { clock, progress }: CommandContext): Promise<Sealing> {
  const target = await awsTarget(options.aws, options);
  const ask = await asking(target, options);
  const keys = async () => (await ask({ action: 'status' })).keys;
  return {
    keys,
    async addKey() {
      await rotateKms(ask, progress, clock);
      return (await ask({ action: 'add' })).keys;
    },
    dropKeys: keys,
    staysUntil:
      'for backups and for what is on its way; from an hour on `zeroplane secrets prune --aws` forgets what nothing needs',
    sealed: () => sealedOn(target, options, clock),
    client: await awsClient(target, options, clock),
    settleMs: SETTLE_MS,
  };
}

type Ask = (request: KeysRequest) => Promise<RingView>;

/** Where KMS holds the key that writes, it is given new material first. */
async function rotateKms(ask: Ask, progress: Progress, clock: Clock): Promise<void> {
  const { keys } = await ask({ action: 'status' });
  if (!keys[0]?.kms) return;
  await progress.step(`KMS has given ${keys[0].kms} new material`, async () => {
    let { isRotating } = await ask({ action: 'rotate-kms' });
    for (let poll = 0; isRotating; poll++) {
      if (poll === MAX_POLLS) throw new ClusterError('KMS still rotates its key: run it again later');
      await delay(clock, POLL_MS);
      ({ isRotating } = await ask({ action: 'status' }));
    }
  });
}

async function asking({ cluster, region }: AwsTarget, options: AwsOptions): Promise<Ask> {
  const lambda = new LambdaClient({ region, credentials: await credentialsOf({ ...options, region }) });
  return (request) => askKeys(lambda, `${cluster}-keys`, request);
}

/** As the tables have it: nothing is opened. */
async function sealedOn({ cluster, region }: AwsTarget, options: AwsOptions, clock: Clock) {
  const credentials = await credentialsOf({ ...options, region });
  const client = new DynamoDBClient({ ...DYNAMODB_CLIENT, region, credentials });
  const environment = { tablePrefix: cluster, awsEndpoint: process.env['AWS_ENDPOINT_URL'] };
  const store = openAwsStore(environment, { clock, random: systemRandom }, client);
  try {
    return await sealedIn(store);
  } catch (cause) {
    throw new ClusterError(`the tables of ${cluster} in ${region}: ${(cause as Error).message}`, 1, { cause });
  } finally {
    await store.close();
  }
}
