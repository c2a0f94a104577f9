import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnCluster, CfnClusterCapacityProviderAssociations } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ANY_RESOURCE, acknowledge, wildcard } from './acknowledge.ts';
import type { ClusterFunction } from './cluster-function.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'];
const PROVIDERS = ['FARGATE', 'FARGATE_SPOT'];

/** What the virtual node needs: an ECS cluster, a log group, a role that pulls images, and rights for the controllers. None costs while idle. */
export class Fargate extends Construct {
  constructor(scope: Construct, id: string, settings: Settings, controllers: ClusterFunction) {
    super(scope, id);
    const cluster = new CfnCluster(this, 'Cluster', { clusterName: settings.name });
    acknowledge(cluster, { 'AwsSolutions-ECS4': 'Container Insights are paid by the metric' });
    new CfnClusterCapacityProviderAssociations(this, 'Providers', {
      cluster: cluster.ref,
      capacityProviders: PROVIDERS,
      defaultCapacityProviderStrategy: [],
    });
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: names(settings).fargateLogs,
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.executionRole(settings, logGroup);
    this.allow(settings, controllers, role);
    controllers.function.addEnvironment('ZEROPLANE_FARGATE_ROLE', role.roleArn);
    this.heed(cluster, controllers);
  }

  /** Of Fargate itself, not of what runs there. */
  private executionRole(settings: Settings, logGroup: LogGroup): Role {
    const role = new Role(this, 'ExecutionRole', {
      description: `Pulls images and writes logs for pods of ${settings.name} on Fargate`,
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    const repositories = Stack.of(this).formatArn({ service: 'ecr', resource: 'repository', resourceName: '*' });
    role.addToPolicy(new PolicyStatement({ actions: PULL, resources: [repositories] }));
    role.addToPolicy(new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }));
    acknowledge(role, {
      [wildcard('ecr', 'repository/*')]: 'Pods name the images that they run',
      [ANY_RESOURCE]: 'A token for ECR knows no resources',
    });
    return role;
  }

  private allow(settings: Settings, controllers: ClusterFunction, role: Role): void {
    const stack = Stack.of(this);
    const arn = (resource: string, resourceName: string) => stack.formatArn({ service: 'ecs', resource, resourceName });
    const inCluster = { ArnEquals: { 'ecs:cluster': arn('cluster', settings.name) } };
    const definitions = `${settings.name}-*:*`;
    const tasks = `${settings.name}/*`;
    controllers.allow(['ecs:RunTask'], [arn('task-definition', definitions)], inCluster);
    controllers.allow(['ecs:DeleteTaskDefinitions'], [arn('task-definition', definitions)]);
    controllers.allow(['ecs:DescribeTasks', 'ecs:StopTask'], [arn('task', tasks)]);
    controllers.allow(['ecs:TagResource'], [arn('task', tasks)], { StringEquals: { 'ecs:CreateAction': 'RunTask' } });
    controllers.allow(['ecs:ListTasks'], ['*'], inCluster);
    // These know no resources.
    const definition = ['ecs:RegisterTaskDefinition', 'ecs:DeregisterTaskDefinition', 'ecs:ListTaskDefinitions'];
    controllers.allow(definition, ['*']);
    controllers.allow(['iam:PassRole'], [role.roleArn], {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    });
    acknowledge(stack, {
      [wildcard('ecs', `task-definition/${definitions}`)]: 'One for each pod, which come and go',
      [wildcard('ecs', `task/${tasks}`)]: 'The tasks of the cluster’s pods, which come and go',
    });
  }

  /** Whenever a task changes. Events of AWS's own services cost nothing. */
  private heed(cluster: CfnCluster, { function: target }: ClusterFunction): void {
    new Rule(this, 'TaskNotices', {
      description: 'Tasks of pods that have changed',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { clusterArn: [cluster.attrArn] },
      },
      targets: [new LambdaTarget(target)],
    });
  }
}

/** Reads what pods on Fargate wrote, and whether they still run. */
export function allowFargateLogs(settings: Settings, apiserver: ClusterFunction): void {
  const stack = Stack.of(apiserver);
  const { fargateLogs } = names(settings);
  const group = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: `${fargateLogs}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const tasks = stack.formatArn({ service: 'ecs', resource: 'task', resourceName: `${settings.name}/*` });
  apiserver.allow(['logs:DescribeLogStreams', 'logs:GetLogEvents'], [group]);
  apiserver.allow(['ecs:DescribeTasks'], [tasks]);
  apiserver.function.addEnvironment('ZEROPLANE_FARGATE_LOGS', fargateLogs);
  acknowledge(apiserver, {
    [wildcard('logs', `log-group:${fargateLogs}:*`)]: 'One stream for each container of a pod, which come and go',
    [wildcard('ecs', `task/${settings.name}/*`)]: 'The tasks of the cluster’s pods, which come and go',
  });
}
