import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  type CfnTable,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { type KeyDefinition, TABLES, type TableDefinition, tableName } from '../storage/dynamodb/tables.ts';
import { ClusterKeysResource } from './cluster-keys.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';

/** What outlives every function: the tables and the cluster's keys. */
export class StorageStack extends Stack {
  readonly tables: Readonly<Record<TableDefinition['name'], Table>>;
  readonly keys: ClusterKeysResource;
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps = {}) {
    super(scope, id, { ...props, description: `Zeroplane ${settings.name}: tables and keys` });
    const kmsKey = settings.kmsKey === 'false' ? undefined : this.customerKey(settings);
    const inUse = settings.kmsKey === 'true' ? kmsKey : undefined;
    const made = TABLES.map((definition) => [definition.name, this.table(settings, definition, inUse)] as const);
    this.tables = Object.fromEntries(made) as Record<TableDefinition['name'], Table>;
    this.keys = new ClusterKeysResource(this, 'Keys', settings, kmsKey);
  }

  private customerKey(settings: Settings): Key {
    const { name, removalPolicy } = settings;
    return new Key(this, 'Key', {
      description: `Zeroplane ${name}: tables, keys and Secrets`,
      alias: names(settings).kmsAlias,
      // KMS keeps what wrapped before, and unwraps with it.
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      removalPolicy,
    });
  }

  private table(settings: Settings, definition: TableDefinition, kmsKey: IKey | undefined): Table {
    const { name, partitionKey, sortKey, timeToLive, stream } = definition;
    const table = new Table(this, name[0]!.toUpperCase() + name.slice(1), {
      tableName: tableName(names(settings).tablePrefix, name),
      partitionKey: attribute(partitionKey),
      ...(sortKey && { sortKey: attribute(sortKey) }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: settings.pointInTimeRecovery },
      timeToLiveAttribute: timeToLive,
      // Streams wake; what changed is read from the log.
      ...(stream && { stream: StreamViewType[stream] }),
      encryption: TableEncryption.DEFAULT,
      removalPolicy: settings.removalPolicy,
    });
    // Told to the construct, each stack that reads a stream would name the key; what roles may do with it is in kms-access.ts.
    if (kmsKey)
      (table.node.defaultChild as CfnTable).sseSpecification = {
        sseEnabled: true,
        sseType: 'KMS',
        kmsMasterKeyId: kmsKey.keyArn,
      };
    return table;
  }
}

function attribute({ name, type }: KeyDefinition): Attribute {
  return { name, type: type === 'S' ? AttributeType.STRING : AttributeType.NUMBER };
}
