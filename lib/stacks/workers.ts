import { CfnOutput, Duration, Fn, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import { CfnInstanceProfile, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { ApiStack } from './api.ts';
import { agentBundle } from './bundles.ts';
import { ClusterFunction } from './cluster-function.ts';
import { names } from './names.ts';
import { Network } from './network.ts';
import type { Settings } from './settings.ts';
import type { StorageStack } from './storage.ts';
import { userData } from './user-data.ts';

const ARCHITECTURES = ['arm64', 'x86_64'] as const;
const DISK_GIB = 20;
/** A prefix is sixteen addresses. Source: "Assign prefixes to Amazon EC2 network interfaces". */
const PREFIXES = 1;

/** What makes an EC2 instance a node: network, role, launch templates. It starts none. */
export class WorkersStack extends Stack {
  readonly network: Network;
  readonly nodeRole: Role;

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    parts: { storage: StorageStack; api: ApiStack },
    props: StackProps = {},
  ) {
    super(scope, id, { ...props, description: `Zeroplane ${settings.name}: workers` });
    this.network = new Network(this, 'Network', settings);
    new ClusterFunction(this, 'Inside', {
      settings,
      part: 'vpc',
      description: 'The way from the apiserver to nodes and pods',
      memorySize: 512,
      timeout: Duration.minutes(15),
      environment: { ZEROPLANE_RANGES: this.network.vpc.vpcCidrBlock },
      inVpc: { vpc: this.network.vpc, securityGroup: this.network.inside },
    });
    // Nodes show who they are, and their queues admit them: it needs no right but to read the agent.
    this.nodeRole = new Role(this, 'NodeRole', {
      roleName: names(settings).nodeRole,
      description: `Nodes of ${settings.name}`,
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    });
    const profile = new CfnInstanceProfile(this, 'NodeProfile', {
      instanceProfileName: names(settings).nodeRole,
      roles: [this.nodeRole.roleName],
    });
    const bundle = new Asset(this, 'Agent', { path: agentBundle(settings.dist) });
    const { bucket, s3ObjectKey } = bundle;
    this.nodeRole.addToPolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(s3ObjectKey)] }),
    );
    const script = userData({
      cluster: settings.name,
      version: settings.version,
      region: this.region,
      endpoint: parts.api.endpoint,
      certificateAuthority: parts.storage.keys.certificateAuthority,
      serviceCIDR: settings.serviceCIDR,
      bundle: { bucket: bucket.bucketName, key: s3ObjectKey },
    });
    for (const architecture of ARCHITECTURES) this.launchTemplate(settings, architecture, profile, script);
    new CfnOutput(this, 'Subnets', { value: this.network.vpc.publicSubnets.map(({ subnetId }) => subnetId).join(',') });
    new CfnOutput(this, 'NodeSecurityGroup', { value: this.network.nodes.securityGroupId });
    Tags.of(this).add('zeroplane.dev/cluster', settings.name);
  }

  private launchTemplate(settings: Settings, architecture: string, profile: CfnInstanceProfile, script: string): void {
    const parameter = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
    const tags = [
      { key: 'Name', value: `${settings.name}-node` },
      { key: 'zeroplane.dev/cluster', value: settings.name },
    ];
    new CfnLaunchTemplate(this, `LaunchTemplate-${architecture}`, {
      launchTemplateName: names(settings).launchTemplate(architecture.replace('_', '-')),
      launchTemplateData: {
        imageId: `resolve:ssm:${parameter}`,
        iamInstanceProfile: { arn: profile.attrArn },
        // One hop: pods, which are a hop further, cannot reach it.
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled' },
        networkInterfaces: [
          {
            deviceIndex: 0,
            associatePublicIpAddress: true,
            groups: [this.network.nodes.securityGroupId],
            ipv4PrefixCount: PREFIXES,
            deleteOnTermination: true,
          },
        ],
        blockDeviceMappings: [
          {
            deviceName: '/dev/xvda',
            ebs: { volumeType: 'gp3', volumeSize: DISK_GIB, encrypted: true, deleteOnTermination: true },
          },
        ],
        userData: Fn.base64(script),
        tagSpecifications: [
          { resourceType: 'instance', tags },
          { resourceType: 'volume', tags },
        ],
      },
    });
  }
}
