import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { type KeyDefinition, TABLES, type TableDefinition, tableName } from '../storage/dynamodb/tables.ts';
import { ClusterKeysResource } from './cluster-keys.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';

/** What outlives every function: the tables and the cluster's keys. */
export class StorageStack extends Stack {
  readonly tables: Readonly<Record<TableDefinition['name'], Table>>;
  readonly keys: ClusterKeysResource;
  readonly kmsKey: Key | undefined;

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps = {}) {
    super(scope, id, { ...props, description: `Zeroplane ${settings.name}: tables and keys` });
    this.kmsKey = settings.kmsKey ? this.customerKey(settings) : undefined;
    const made = TABLES.map((definition) => [definition.name, this.table(settings, definition)] as const);
    this.tables = Object.fromEntries(made) as Record<TableDefinition['name'], Table>;
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

  private table(settings: Settings, { name, partitionKey, sortKey, timeToLive, stream }: TableDefinition): Table {
    return new Table(this, name[0]!.toUpperCase() + name.slice(1), {
      tableName: tableName(names(settings).tablePrefix, name),
      partitionKey: attribute(partitionKey),
      ...(sortKey && { sortKey: attribute(sortKey) }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: settings.pointInTimeRecovery },
      timeToLiveAttribute: timeToLive,
      // Streams wake; what changed is read from the log.
      ...(stream && { stream: StreamViewType[stream] }),
      ...(this.kmsKey
        ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: this.kmsKey }
        : { encryption: TableEncryption.DEFAULT }),
      removalPolicy: settings.removalPolicy,
    });
  }
}

function attribute({ name, type }: KeyDefinition): Attribute {
  return { name, type: type === 'S' ? AttributeType.STRING : AttributeType.NUMBER };
}
