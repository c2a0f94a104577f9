import { RemovalPolicy, Tags } from 'aws-cdk-lib';
import { GatewayVpcEndpointAwsService, type IVpc, Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { ROLE_TAG } from '../cloud/aws/tags.ts';
import { acknowledge } from './acknowledge.ts';
import type { Settings } from './settings.ts';

const MAX_ZONES = 3;

/** Where nodes are: public subnets, because a NAT gateway costs 32 dollars a month, and security groups that admit nothing from outside. */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** Of nodes and their pods. */
  readonly nodes: SecurityGroup;
  /** Of functions/vpc. */
  readonly inside: SecurityGroup;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.vpc = settings.vpcId
      ? Vpc.fromLookup(this, 'Vpc', { vpcId: settings.vpcId })
      : (ownVpc(this, settings) as IVpc);
    this.nodes = new SecurityGroup(this, 'Nodes', {
      vpc: this.vpc,
      description: 'Nodes and pods: each other and the function vpc, nobody else',
      allowAllOutbound: true,
    });
    Tags.of(this.nodes).add(ROLE_TAG, 'node');
    this.inside = new SecurityGroup(this, 'Inside', {
      vpc: this.vpc,
      description: 'The function vpc: reaches nodes and pods',
      allowAllOutbound: false,
    });
    this.nodes.addIngressRule(this.nodes, Port.allTraffic(), 'pods of other nodes');
    this.nodes.addIngressRule(this.inside, Port.allTcp(), 'logs, exec, port-forward, proxy, webhooks');
    this.inside.addEgressRule(this.nodes, Port.allTcp(), 'nodes and pods');
    this.nodes.applyRemovalPolicy(RemovalPolicy.DESTROY);
  }
}

function ownVpc(scope: Construct, { name }: Settings): Vpc {
  const vpc = new Vpc(scope, 'Vpc', {
    vpcName: name,
    maxAzs: MAX_ZONES,
    natGateways: 0,
    subnetConfiguration: [{ name: 'nodes', subnetType: SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: true }],
    restrictDefaultSecurityGroup: false,
    // Both free of charge.
    gatewayEndpoints: {
      S3: { service: GatewayVpcEndpointAwsService.S3 },
      DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
    },
  });
  acknowledge(vpc, { 'AwsSolutions-VPC7': 'Flow logs are paid by the gigabyte; switch them on where they are wanted' });
  return vpc;
}
