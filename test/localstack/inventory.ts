import { CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import {
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { LambdaClient, paginateListEventSourceMappings, paginateListFunctions } from '@aws-sdk/client-lambda';
import { paginateListQueues, SQSClient } from '@aws-sdk/client-sqs';
import { paginateDescribeParameters, SSMClient } from '@aws-sdk/client-ssm';
import { type Deployed, sdkOptions } from './deployed.ts';

/** Everything in the account that a cluster could be made of, a line each. */
export async function inventory(where: Pick<Deployed, 'port'>): Promise<string[]> {
  const options = sdkOptions(where);
  const lists = await Promise.all([
    pages(paginateListTables({ client: new DynamoDBClient(options) }, {}), ({ TableNames = [] }) => TableNames),
    ...lambdas(new LambdaClient(options)),
    pages(paginateListQueues({ client: new SQSClient(options) }, {}), ({ QueueUrls = [] }) => QueueUrls),
    pages(paginateDescribeParameters({ client: new SSMClient(options) }, {}), ({ Parameters = [] }) =>
      Parameters.map(({ Name }) => Name),
    ),
    pages(paginateDescribeLogGroups({ client: new CloudWatchLogsClient(options) }, {}), ({ logGroups = [] }) =>
      logGroups.map(({ logGroupName }) => logGroupName),
    ),
    pages(paginateDescribeStacks({ client: new CloudFormationClient(options) }, {}), ({ Stacks = [] }) =>
      // AWS tells of deleted ones only by their id.
      Stacks.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE').map(({ StackName }) => StackName),
    ),
    ...network(new EC2Client(options)),
    restApis(where),
    roles(where),
  ]);
  return lists.flat().sort();
}

async function pages<T>(paginator: AsyncIterable<T>, names: (page: T) => (string | undefined)[]): Promise<string[]> {
  const all: string[] = [];
  for await (const page of paginator) all.push(...names(page).map(String));
  return all;
}

function lambdas(client: LambdaClient): Promise<string[]>[] {
  return [
    pages(paginateListFunctions({ client }, {}), ({ Functions = [] }) =>
      Functions.map(({ FunctionArn }) => FunctionArn),
    ),
    pages(paginateListEventSourceMappings({ client }, {}), ({ EventSourceMappings = [] }) =>
      // LocalStack forgets a mapping when its poller ends; one that was switched off has none and stays as it is.
      EventSourceMappings.filter(({ State }) => State !== 'Deleting').map(
        ({ FunctionArn, EventSourceArn }) => `${FunctionArn} from ${EventSourceArn}`,
      ),
    ),
  ];
}

function network(ec2: EC2Client): Promise<string[]>[] {
  return [
    ec2.send(new DescribeVpcsCommand({})).then(({ Vpcs = [] }) => Vpcs.map(({ VpcId }) => VpcId!)),
    ec2.send(new DescribeSubnetsCommand({})).then(({ Subnets = [] }) => Subnets.map(({ SubnetId }) => SubnetId!)),
    ec2
      .send(new DescribeVpcEndpointsCommand({}))
      .then(({ VpcEndpoints = [] }) =>
        VpcEndpoints.filter(({ State }) => String(State).toLowerCase() !== 'deleted').map(
          ({ VpcEndpointId }) => VpcEndpointId!,
        ),
      ),
    ec2
      .send(new DescribeSecurityGroupsCommand({}))
      .then(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId }) => GroupId!)),
    ec2
      .send(new DescribeLaunchTemplatesCommand({}))
      .then(({ LaunchTemplates = [] }) => LaunchTemplates.map(({ LaunchTemplateName }) => LaunchTemplateName!)),
  ];
}

/** Of services whose clients the project has no use for. LocalStack looks at the credential's scope only. */
function signedFor(service: string): Record<string, string> {
  const scope = `Credential=test/20260101/us-east-1/${service}/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none` };
}

async function restApis({ port }: Pick<Deployed, 'port'>): Promise<string[]> {
  const response = await fetch(`http://localhost:${port}/restapis`, { headers: signedFor('apigateway') });
  const { item = [] } = (await response.json()) as { item?: { name: string; id: string }[] };
  return item.map(({ name, id }) => `api ${name} ${id}`);
}

async function roles({ port }: Pick<Deployed, 'port'>): Promise<string[]> {
  const response = await fetch(`http://localhost:${port}/?Action=ListRoles&Version=2010-05-08&MaxItems=1000`, {
    method: 'POST',
    headers: signedFor('iam'),
  });
  return [...(await response.text()).matchAll(/<RoleName>([^<]+)</g)].map((match) => `role ${match[1]}`);
}
