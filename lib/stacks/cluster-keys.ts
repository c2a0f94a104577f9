import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge, wildcard } from './acknowledge.ts';
import { ClusterFunction } from './cluster-function.ts';
import { allowKms } from './kms-access.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';

/** The cluster's keys in the Parameter Store, made and removed by functions/keys. */
export class ClusterKeysResource extends Construct {
  /** PEM of the cluster's authority: public. */
  readonly certificateAuthority: string;

  constructor(scope: Construct, id: string, settings: Settings, kmsKey: IKey | undefined) {
    super(scope, id);
    const { keysPath } = names(settings);
    const inUse = settings.kmsKey === 'true' ? kmsKey : undefined;
    const keeper = new ClusterFunction(this, 'Keeper', {
      settings,
      part: 'keys',
      description: 'Makes and removes the keys of the cluster',
      memorySize: 512,
      timeout: Duration.minutes(1),
    });
    const below = Stack.of(this).formatArn({ service: 'ssm', resource: `parameter${keysPath}*` });
    const path = Stack.of(this).formatArn({ service: 'ssm', resource: `parameter${keysPath.slice(0, -1)}` });
    keeper.allow(['ssm:GetParametersByPath'], [path]);
    keeper.allow(['ssm:PutParameter', 'ssm:DeleteParameters'], [below]);
    allowKms(keeper, settings, { parameters: 'write', rotate: true });
    if (inUse) keeper.function.addEnvironment('ZEROPLANE_KMS_KEY', inUse.keyArn);
    acknowledge(keeper, {
      [wildcard('ssm', `parameter${keysPath}*`)]: 'The cluster’s own parameters, all of which it keeps',
    });
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: keeper.function.functionArn,
      resourceType: 'Custom::ZeroplaneKeys',
      serviceTimeout: Duration.minutes(2),
      // Without its keys a table that is kept could not be read.
      removalPolicy: settings.removalPolicy,
      properties: {
        Path: keysPath,
        Rotation: settings.keyRotation,
        ...(kmsKey && { [inUse ? 'KmsKeyId' : 'RetiredKmsKeyId']: kmsKey.keyArn }),
      },
    });
    // The rights are by the key's alias.
    if (kmsKey) resource.node.addDependency(kmsKey);
    // The role's rights must be there before it is called, and until it was called for the last time.
    resource.node.addDependency(keeper.role);
    this.certificateAuthority = resource.getAttString('CertificateAuthority');
  }
}
