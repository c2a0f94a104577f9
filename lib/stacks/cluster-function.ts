import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IVpc, type SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { functionBundle } from './bundles.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';

export interface ClusterFunctionProps {
  settings: Settings;
  /** functions/PART */
  part: string;
  description: string;
  /** More memory is more processor: 1769 MB are one. */
  memorySize: number;
  timeout: Duration;
  environment?: Record<string, string>;
  inVpc?: { vpc: IVpc; securityGroup: SecurityGroup };
}

/** One function of the control plane with a role and a log group of its own. */
export class ClusterFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  /** By its name, so that its own role may speak of it. */
  readonly ownArn: string;
  /** Another bundle has another. */
  readonly bundleHash: string;

  constructor(scope: Construct, id: string, props: ClusterFunctionProps) {
    super(scope, id);
    const { settings, part } = props;
    const functionName = names(settings).function(part);
    this.ownArn = Stack.of(this).formatArn({ service: 'lambda', resource: `function:${functionName}` });
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: props.description,
    });
    logGroup.grantWrite(this.role);
    const bundle = new Asset(this, 'Bundle', { path: functionBundle(settings.dist, part) });
    this.bundleHash = bundle.assetHash;
    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromBucketV2(bundle.bucket, bundle.s3ObjectKey),
      handler: 'index.handler',
      role: this.role,
      logGroup,
      memorySize: props.memorySize,
      timeout: props.timeout,
      tracing: settings.xray ? Tracing.ACTIVE : Tracing.DISABLED,
      environment: { ...clusterEnvironment(settings), ...props.environment },
      ...(props.inVpc && vpcProps(this.role, props.inVpc)),
    });
  }

  allow(actions: string[], resources: string[], conditions?: Record<string, Record<string, string>>): void {
    this.role.addToPolicy(new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));
  }

  /** Reads these of the cluster's keys. */
  allowKeys(settings: Settings, keys: readonly string[]): void {
    const { keysPath } = names(settings);
    const arns = keys.map((key) =>
      Stack.of(this).formatArn({ service: 'ssm', resource: `parameter${keysPath}${key}` }),
    );
    this.allow(['ssm:GetParameters'], arns);
  }
}

function clusterEnvironment(settings: Settings): Record<string, string> {
  const { tablePrefix, keysPath } = names(settings);
  return {
    ZEROPLANE_CLUSTER: settings.name,
    ZEROPLANE_TABLE_PREFIX: tablePrefix,
    ZEROPLANE_KEYS: keysPath,
    ZEROPLANE_SERVICE_CIDR: settings.serviceCIDR,
    ZEROPLANE_VERSION: settings.version,
  };
}

function vpcProps(role: Role, { vpc, securityGroup }: NonNullable<ClusterFunctionProps['inVpc']>) {
  const policy = 'service-role/AWSLambdaVPCAccessExecutionRole';
  acknowledge(role, {
    [`AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`]:
      'Network interfaces have no names before they are made',
  });
  role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName(policy));
  return {
    vpc,
    securityGroups: [securityGroup],
    vpcSubnets: { subnetType: SubnetType.PUBLIC },
    // It speaks to nodes and pods at their private addresses only.
    allowPublicSubnet: true,
  };
}
