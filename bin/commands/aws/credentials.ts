import type { AwsCredentials } from '../../../lib/cloud/aws/sts-token.ts';
import { ClusterError } from '../../../lib/cluster/error.ts';

/** What picks a principal of AWS. */
export interface AwsOptions {
  region?: string;
  /** A role that is assumed first. */
  roleArn?: string;
}

/** How whoever is signed in to AWS (environment, profile, SSO, instance) signs, loaded when it is first needed. */
export async function credentialsOf({ region, roleArn }: AwsOptions): Promise<() => Promise<AwsCredentials>> {
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const clientConfig = region ? { region } : {};
  const base = fromNodeProviderChain({ clientConfig });
  const params = { RoleArn: roleArn ?? '', RoleSessionName: 'zeroplane' };
  const provider = roleArn ? fromTemporaryCredentials({ masterCredentials: base, params, clientConfig }) : base;
  return async () => {
    try {
      return (await provider()) as AwsCredentials;
    } catch (error) {
      throw new ClusterError(`AWS credentials: ${(error as Error).message}`, 1, { cause: error });
    }
  };
}

/** As the AWS CLI finds it: told, in the environment, or in the profile. */
export async function regionOf(told: string | undefined): Promise<string> {
  const given = told ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  if (given) return given;
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  try {
    return await new CloudFormationClient({}).config.region();
  } catch (error) {
    throw new ClusterError('no AWS region: say --region, or set AWS_REGION', 2, { cause: error });
  }
}
