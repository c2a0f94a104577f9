import { ArnFormat, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { APISERVER_KEYS, KEYS } from '../cloud/aws/key-parameters.ts';
import { CLUSTER_TAG } from '../cloud/aws/tags.ts';
import { acknowledge, publicly, wildcard } from './acknowledge.ts';
import { alarms } from './alarms.ts';
import type { ClusterFunction } from './cluster-function.ts';
import { Fargate } from './fargate.ts';
import { allowKms } from './kms-access.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';
import type { StorageStack } from './storage.ts';
import { allowStore } from './store-access.ts';
import { StreamFunction } from './stream-function.ts';

/** Written all the time, and no controller's or scheduler's business. */
const QUIET_TYPES = ['events', 'leases.coordination.k8s.io'];
const MEMORY_MB = 1769;
const TIMEOUT = Duration.minutes(5);

/** What follows the tables: scheduler, controllers, dispatcher. */
export class ControllersStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, storage: StorageStack, props: StackProps = {}) {
    super(scope, id, { ...props, description: `Zeroplane ${settings.name}: scheduler, controllers, dispatcher` });
    const { objects, log } = storage.tables;
    const common = { settings, memorySize: MEMORY_MB, timeout: TIMEOUT };
    const changed = { dynamodb: { Keys: { pk: { S: [{ 'anything-but': QUIET_TYPES }] } } } };
    const scheduler = new StreamFunction(this, 'Scheduler', {
      ...common,
      part: 'scheduler',
      description: 'Binds pods to nodes',
      stream: objects,
      filter: changed,
      timers: true,
    });
    const controllers = new StreamFunction(this, 'Controllers', {
      ...common,
      part: 'controllers',
      description: 'The controllers of the cluster',
      stream: objects,
      filter: changed,
      timers: true,
    });
    const dispatcher = new StreamFunction(this, 'Dispatcher', {
      ...common,
      memorySize: 512,
      part: 'dispatcher',
      description: 'Tells nodes what moved',
      stream: log,
      timers: false,
    });
    for (const { part } of [scheduler, controllers, dispatcher]) allowStore(part, storage);
    for (const { part } of [scheduler, controllers]) {
      part.allowKeys(settings, APISERVER_KEYS);
      allowKms(part, settings, { tables: true, parameters: 'read', secrets: true });
    }
    allowKms(dispatcher.part, settings, { tables: true });
    controllers.part.allowKeys(settings, [KEYS.authority]);
    this.allowNodes(settings, controllers.part);
    this.allowMachines(settings, controllers.part);
    this.heedNotices(controllers.part);
    if (settings.fargate) new Fargate(this, 'Fargate', settings, controllers.part);
    dispatcher.part.allow(['sqs:GetQueueUrl', 'sqs:SendMessage'], [this.nodeQueues(settings)]);
    const queues = wildcard('sqs', `${names(settings).nodeQueuePrefix}*`);
    acknowledge(this, { [queues]: 'The queues of the cluster’s nodes, which come and go' });
    if (settings.alarms) alarms(this, settings, [scheduler, controllers, dispatcher]);
  }

  /** Makes a queue for each node that joins, for its instance alone; knows instances that are gone. */
  private allowNodes(settings: Settings, part: ClusterFunction): void {
    const queue = ['sqs:GetQueueUrl', 'sqs:CreateQueue', 'sqs:TagQueue', 'sqs:SetQueueAttributes', 'sqs:DeleteQueue'];
    part.allow(queue, [this.nodeQueues(settings)]);
    // Neither knows resources.
    part.allow(['sqs:ListQueues', 'ec2:DescribeInstances'], ['*']);
    part.function.addEnvironment('ZEROPLANE_NODE_ROLE', names(settings).nodeRoleArn(this));
  }

  /** Launches from the cluster's templates and ends what it launched. */
  private allowMachines(settings: Settings, part: ClusterFunction): void {
    const describe = [
      'DescribeInstanceTypes',
      'DescribeInstanceTypeOfferings',
      'DescribeSecurityGroups',
      'DescribeSubnets',
    ];
    part.allow(
      describe.map((action) => `ec2:${action}`),
      ['*'],
    );
    const any = (kind: string) => this.formatArn({ service: 'ec2', resource: kind, resourceName: '*' });
    const image = this.formatArn({ service: 'ec2', account: '', resource: 'image', resourceName: '*' });
    const made = ['instance', 'network-interface', 'volume'];
    const used = ['subnet', 'security-group', 'launch-template'];
    part.allow(['ec2:RunInstances'], [...[...made, ...used].map(any), image], {
      ArnLike: { 'ec2:LaunchTemplate': any('launch-template') },
    });
    part.allow(['ec2:CreateTags'], made.map(any), { StringEquals: { 'ec2:CreateAction': 'RunInstances' } });
    const ours = { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: settings.name } };
    part.allow(['ec2:TerminateInstances'], [any('instance')], ours);
    for (const kind of [...made, ...used]) {
      acknowledge(this, {
        [wildcard('ec2', `${kind}/*`)]: 'Only from the cluster’s launch templates, and only what carries its tag',
      });
    }
    part.allow(['iam:PassRole'], [names(settings).nodeRoleArn(this)]);
    const published = 'aws/service/ami-amazon-linux-latest/*';
    const parameters = this.formatArn({ service: 'ssm', account: '', resource: 'parameter', resourceName: published });
    part.allow(['ssm:GetParameters'], [parameters]);
    for (const id of [publicly('ec2', 'image/*'), publicly('ssm', `parameter/${published}`)]) {
      acknowledge(this, { [id]: 'The images that AWS publishes for everybody' });
    }
  }

  /** Instances that EC2 takes back, or is likely to. Events of AWS's own services cost nothing. */
  private heedNotices({ function: target }: ClusterFunction): void {
    new Rule(this, 'InstanceNotices', {
      description: 'Instances that EC2 takes back',
      eventPattern: {
        source: ['aws.ec2'],
        detailType: ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
      },
      targets: [new LambdaTarget(target)],
    });
  }

  private nodeQueues(settings: Settings): string {
    const resource = `${names(settings).nodeQueuePrefix}*`;
    return this.formatArn({ service: 'sqs', resource, arnFormat: ArnFormat.NO_RESOURCE_NAME });
  }
}
