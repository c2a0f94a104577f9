import { ArnFormat, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { APISERVER_KEYS, KEYS } from '../cloud/aws/key-parameters.ts';
import { alarms } from './alarms.ts';
import { isBundled } from './bundles.ts';
import type { ClusterFunction } from './cluster-function.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';
import type { StorageStack } from './storage.ts';
import { allowStore } from './store-access.ts';
import { StreamFunction, type StreamFunctionProps } from './stream-function.ts';

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
    const make = (id: string, props: StreamFunctionProps) =>
      isBundled(props.part) ? [new StreamFunction(this, id, props)] : [];
    const scheduler = make('Scheduler', {
      ...common,
      part: 'scheduler',
      description: 'Binds pods to nodes',
      stream: objects,
      filter: changed,
      timers: true,
    });
    const controllers = make('Controllers', {
      ...common,
      part: 'controllers',
      description: 'The controllers of the cluster',
      stream: objects,
      filter: changed,
      timers: true,
    });
    const dispatcher = make('Dispatcher', {
      ...common,
      memorySize: 512,
      part: 'dispatcher',
      description: 'Tells nodes what moved',
      stream: log,
      timers: false,
    });
    const parts = [...scheduler, ...controllers, ...dispatcher];
    for (const { part } of parts) allowStore(part, storage);
    for (const { part } of [...scheduler, ...controllers]) part.allowKeys(settings, APISERVER_KEYS);
    for (const { part } of controllers) part.allowKeys(settings, [KEYS.authority]);
    for (const { part } of controllers) this.allowNodes(settings, part);
    for (const { part } of dispatcher) part.allow(['sqs:GetQueueUrl', 'sqs:SendMessage'], [this.nodeQueues(settings)]);
    if (settings.alarms) alarms(this, settings, parts);
  }

  /** Makes a queue for each node that joins, for its instance alone; knows instances that are gone. */
  private allowNodes(settings: Settings, part: ClusterFunction): void {
    const queue = ['sqs:GetQueueUrl', 'sqs:CreateQueue', 'sqs:TagQueue', 'sqs:SetQueueAttributes', 'sqs:DeleteQueue'];
    part.allow(queue, [this.nodeQueues(settings)]);
    // Neither knows resources.
    part.allow(['sqs:ListQueues', 'ec2:DescribeInstances'], ['*']);
    part.function.addEnvironment('ZEROPLANE_NODE_ROLE', names(settings).nodeRoleArn(this));
  }

  private nodeQueues(settings: Settings): string {
    const resource = `${names(settings).nodeQueuePrefix}*`;
    return this.formatArn({ service: 'sqs', resource, arnFormat: ArnFormat.NO_RESOURCE_NAME });
  }
}
