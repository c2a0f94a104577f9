import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

const root = join(import.meta.dirname, '..');
const REGION = 'us-east-1';
/** LocalStack's account for credentials that name none. */
export const ACCOUNT = '000000000000';
/** Who these credentials are, for LocalStack's STS. */
export const ADMIN = `arn:aws:iam::${ACCOUNT}:root`;

/** For the SDK, the AWS CLI and cdklocal: everything goes to LocalStack. Names below localhost.localstack.cloud need not resolve. */
export function awsEnvironmentOf(port: number): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: `http://localhost:${port}`,
    AWS_ENDPOINT_URL_S3: `http://localhost:${port}`,
    EDGE_PORT: String(port),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
  };
}

export interface Deployment {
  port: number;
  name: string;
  /** `-c NAME=VALUE` beyond those that LocalStack needs. */
  context?: Record<string, string>;
  onOutput?: (text: string) => void;
}

/** `cdklocal bootstrap` where it was not done, and `cdklocal deploy` of all stacks. */
export async function deploy(deployment: Deployment): Promise<void> {
  if (!(await isBootstrapped(deployment.port))) await cdklocal(deployment, ['bootstrap', '--quiet']);
  await cdklocal(deployment, [
    'deploy',
    '--all',
    '--require-approval',
    'never',
    '--concurrency',
    '4',
    ...context(deployment),
  ]);
}

export async function destroy(deployment: Deployment): Promise<void> {
  await cdklocal(deployment, ['destroy', '--all', '--force', ...context(deployment)]);
}

/** The server of a kubeconfig. */
export async function apiEndpoint({ port, name }: Pick<Deployment, 'port' | 'name'>): Promise<string> {
  const { Stacks } = await cloudFormation(port).send(new DescribeStacksCommand({ StackName: `${name}-api` }));
  const found = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'Endpoint')?.OutputValue;
  if (!found) throw new Error(`the stack ${name}-api tells no endpoint`);
  return found;
}

async function isBootstrapped(port: number): Promise<boolean> {
  try {
    const { Stacks } = await cloudFormation(port).send(new DescribeStacksCommand({ StackName: 'CDKToolkit' }));
    return Stacks?.[0]?.StackStatus === 'CREATE_COMPLETE';
  } catch (error) {
    if ((error as Error).name === 'ValidationError') return false;
    throw error;
  }
}

function cloudFormation(port: number): CloudFormationClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new CloudFormationClient({ endpoint: `http://localhost:${port}`, region: REGION, credentials });
}

function context({ port, name, context: more = {} }: Deployment): string[] {
  const values = { localstackPort: String(port), name, removalPolicy: 'destroy', admins: ADMIN, ...more };
  return Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

async function cdklocal({ port, onOutput }: Deployment, args: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-cdk-'));
  const env = {
    ...process.env,
    ...awsEnvironmentOf(port),
    PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
  };
  const all = [
    ...args,
    '--output',
    join(folder, 'out'),
    '--no-notices',
    ...(args[0] === 'deploy' ? ['--progress', 'events'] : []),
  ];
  try {
    await new Promise<void>((resolve, reject) => {
      const child = execFile('cdklocal', all, { cwd: root, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
        error
          ? reject(new Error(`cdklocal ${args[0]} failed\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`))
          : resolve(),
      );
      if (onOutput) for (const stream of [child.stdout!, child.stderr!]) stream.on('data', onOutput);
    });
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
}
