/** The custom resource that keeps the cluster's keys, as CloudFormation itself cannot make SecureStrings; and the ring's door for `zeroplane secrets`. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { answerCustomResource, type CustomResourceEvent } from '../../lib/cloud/aws/custom-resource.ts';
import type { KeysRequest, RingView } from '../../lib/cloud/aws/keys-function.ts';
import { ssmParameters } from '../../lib/cloud/aws/parameters.ts';
import { awake } from '../../lib/runtime/awake.ts';
import { systemClock as clock } from '../../lib/runtime/clock.ts';
import { once } from '../../lib/runtime/once.ts';
import { ensureKeys, removeKeys } from './keys.ts';
import { answerRing } from './ring.ts';

interface Properties {
  /** `/zeroplane/CLUSTER/`; the physical id too: at another path there are other keys. */
  Path: string;
  Rotation: string;
  /** Encrypts the parameters, and wraps the data keys of Secrets; absent: the account's own key, and the ring's. */
  KmsKeyId?: string;
  /** A key that did so before. */
  RetiredKmsKeyId?: string;
}

const ssm = new SSMClient({});
const PATH = /^\/zeroplane\/[^/]+\/$/;
/** Before the path: the keys were there before the stack, and stay if its creation is taken back. The next update makes them its own. */
const FOUND = 'found:';

/** Set for the parameters that a command changes. */
const kmsKeyId = process.env['ZEROPLANE_KMS_KEY'];
const kms = once(async () => (await import('../../lib/cloud/aws/kms-rotation.ts')).kmsRotation());

export function handler(event: CustomResourceEvent | KeysRequest): Promise<RingView | undefined> {
  return awake(() => handle(event));
}

async function handle(event: CustomResourceEvent | KeysRequest): Promise<RingView | undefined> {
  if ('action' in event) {
    const parameters = ssmParameters(ssm, checked(process.env['ZEROPLANE_KEYS'] ?? ''), kmsKeyId);
    return answerRing(event, { parameters, clock, kms });
  }
  await answerCustomResource(event, () => (event.RequestType === 'Delete' ? remove(event) : ensure(event)));
  return undefined;
}

async function ensure(event: CustomResourceEvent) {
  const { Path, Rotation, KmsKeyId, RetiredKmsKeyId } = event.ResourceProperties as unknown as Properties;
  const before = event.OldResourceProperties as Properties | undefined;
  const { certificate, found } = await ensureKeys({
    parameters: ssmParameters(ssm, checked(Path), KmsKeyId),
    clock,
    rotation: Rotation,
    kms: KmsKeyId,
    retiredKms: RetiredKmsKeyId,
    previousKms: before?.KmsKeyId,
    rewrite: before !== undefined && before.Path === Path && before.KmsKeyId !== KmsKeyId,
  });
  const isOurs = event.RequestType === 'Update' || !found;
  return { physicalId: isOurs ? Path : FOUND + Path, attributes: { CertificateAuthority: certificate } };
}

async function remove({ PhysicalResourceId: physicalId = '' }: CustomResourceEvent) {
  // What was never made, or was there before, has another id.
  if (PATH.test(physicalId)) await removeKeys(ssmParameters(ssm, physicalId));
  return { physicalId };
}

function checked(path: string): string {
  if (!PATH.test(path)) throw new Error(`${path} is no path of a cluster's keys`);
  return path;
}
