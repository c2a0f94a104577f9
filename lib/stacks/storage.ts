import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  type AttributeType,
  BillingMode,
  StreamViewType,
  Table,
  TableEncryption,
  AttributeType as Type,
} from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { ClusterKeysResource } from './cluster-keys.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';

export interface Tables {
  objects: Table;
  log: Table;
  counters: Table;
}

/** What outlives every function: the tables and the cluster's keys. */
export class StorageStack extends Stack {
  readonly tables: Tables;
  readonly keys: ClusterKeysResource;
  readonly kmsKey: Key | undefined;

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps = {}) {
    super(scope, id, { ...props, description: `Zeroplane ${settings.name}: tables and keys` });
    this.kmsKey = settings.kmsKey ? this.customerKey(settings) : undefined;
    this.tables = {
      objects: this.table(settings, 'objects', { pk: Type.STRING, sk: Type.STRING }, true),
      log: this.table(settings, 'log', { pk: Type.NUMBER, sk: Type.NUMBER }, true),
      counters: this.table(settings, 'counters', { pk: Type.STRING }, false),
    };
    this.keys = new ClusterKeysResource(this, 'Keys', settings, this.kmsKey);
  }

  private customerKey({ name, removalPolicy }: Settings): Key {
    return new Key(this, 'Key', {
      description: `Zeroplane ${name}: tables and keys`,
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      removalPolicy,
    });
  }

  private table(settings: Settings, part: string, keys: { pk: AttributeType; sk?: AttributeType }, streamed: boolean) {
    return new Table(this, part[0]!.toUpperCase() + part.slice(1), {
      tableName: `${names(settings).tablePrefix}${part}`,
      partitionKey: { name: 'pk', type: keys.pk },
      ...(keys.sk !== undefined && { sortKey: { name: 'sk', type: keys.sk } }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: settings.pointInTimeRecovery },
      timeToLiveAttribute: 'ttl',
      // Streams wake; what changed is read from the log.
      ...(streamed && { stream: StreamViewType.KEYS_ONLY }),
      ...(this.kmsKey
        ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: this.kmsKey }
        : { encryption: TableEncryption.DEFAULT }),
      removalPolicy: settings.removalPolicy,
    });
  }
}
