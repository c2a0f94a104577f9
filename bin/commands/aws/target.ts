import { ClusterError } from '../../../lib/cluster/error.ts';
import { type AwsOptions, credentialsOf, regionOf } from './credentials.ts';

/** A cluster on AWS, as its stacks tell it. */
export interface AwsTarget {
  /** What tokens are for. */
  cluster: string;
  region: string;
  /** The server of a kubeconfig. */
  server: string;
  /** LocalStack's certificate names other hosts than the one at which it is reached. */
  insecureSkipTlsVerify: boolean;
}

/** Reads the outputs of the stack `NAME-api`. */
export async function awsTarget(name: string, options: AwsOptions): Promise<AwsTarget> {
  const region = await regionOf(options.region);
  const outputs = await outputsOf(`${name}-api`, region, options);
  const [server, cluster] = [outputs.get('Endpoint'), outputs.get('Cluster')];
  if (!server || !cluster)
    throw new ClusterError(`the stack ${name}-api in ${region} is no cluster’s: it tells no Endpoint`);
  const insecureSkipTlsVerify = new URL(server).hostname === 'localhost';
  return { cluster, region, server, insecureSkipTlsVerify };
}

async function outputsOf(stack: string, region: string, options: AwsOptions): Promise<Map<string, string>> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient({ region, credentials: (await credentialsOf(options)) as never });
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    return new Map(
      (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']),
    );
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'ValidationError')
      throw new ClusterError(`there is no stack ${stack} in ${region}`, 1, { cause: error });
    if (error instanceof ClusterError) throw error;
    throw new ClusterError(`CloudFormation, stack ${stack} in ${region}: ${message}`, 1, { cause: error });
  }
}
