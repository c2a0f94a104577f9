/** The custom resource that keeps the cluster's keys: CloudFormation itself cannot make SecureStrings. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { answerCustomResource, type CustomResourceEvent } from '../../lib/cloud/aws/custom-resource.ts';
import { ssmParameters } from '../../lib/cloud/aws/parameters.ts';
import { systemClock } from '../../lib/runtime/clock.ts';
import { ensureKeys, removeKeys } from './keys.ts';

interface Properties {
  /** `/zeroplane/CLUSTER/`; the physical id too: at another path there are other keys. */
  Path: string;
  Rotation: string;
  /** Encrypts the parameters; absent: the account's own key. */
  KmsKeyId?: string;
}

const ssm = new SSMClient({});
const PATH = /^\/zeroplane\/[^/]+\/$/;

export async function handler(event: CustomResourceEvent): Promise<void> {
  await answerCustomResource(event, () => (event.RequestType === 'Delete' ? remove(event) : ensure(event)));
}

async function ensure(event: CustomResourceEvent) {
  const { Path, Rotation, KmsKeyId } = event.ResourceProperties as unknown as Properties;
  const before = event.OldResourceProperties as Properties | undefined;
  const authority = await ensureKeys({
    parameters: ssmParameters(ssm, checked(Path), KmsKeyId),
    clock: systemClock,
    rotation: Rotation,
    rewrite: before !== undefined && before.Path === Path && before.KmsKeyId !== KmsKeyId,
  });
  return { physicalId: Path, attributes: { CertificateAuthority: authority } };
}

async function remove({ PhysicalResourceId: physicalId = '' }: CustomResourceEvent) {
  // What was never made has another id.
  if (PATH.test(physicalId)) await removeKeys(ssmParameters(ssm, physicalId));
  return { physicalId };
}

function checked(path: string): string {
  if (!PATH.test(path)) throw new Error(`${path} is no path of a cluster's keys`);
  return path;
}
