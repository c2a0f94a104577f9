import { RemovalPolicy } from 'aws-cdk-lib';
import type { Node } from 'constructs';
import { DIST } from './bundles.ts';

/** What `cdk deploy -c NAME=VALUE` may say. docs/AWS.md lists what each costs. */
export interface Settings {
  /** Of the cluster: prefix of everything that it is made of. */
  name: string;
  /** ARNs of IAM roles and users who may do everything. */
  admins: readonly string[];
  /** `retain` keeps tables and keys when the stacks are deleted. */
  removalPolicy: RemovalPolicy;
  logRetentionDays: number;
  pointInTimeRecovery: boolean;
  /**
   * A customer-managed key for tables, keys and the data keys of Secrets: a dollar a month and a price for each call.
   * `retired`: it only opens what it sealed, on the way back.
   */
  kmsKey: 'true' | 'false' | 'retired';
  /** CloudWatch alarms: ten cents a month each. */
  alarms: boolean;
  xray: boolean;
  /** A virtual node, whose pods run as tasks of AWS Fargate. */
  fargate: boolean;
  /** Workers go there; absent: a VPC is made. */
  vpcId?: string;
  serviceCIDR: string;
  /** Another text than before makes new keys; the old ones still count. */
  keyRotation: string;
  tags: Readonly<Record<string, string>>;
  /** The folder of bundles. */
  dist: string;
  /** Zeroplane's own version. */
  version: string;
  /** The port of a LocalStack that this is deployed to. */
  localstackPort?: number;
}

const NAME = /^[a-z][a-z0-9-]{0,27}[a-z0-9]$/;

export function settings(node: Node, version: string, dist = DIST): Settings {
  const text = (name: string): string | undefined => {
    const value: unknown = node.tryGetContext(name);
    return value === undefined || value === '' ? undefined : String(value);
  };
  const flag = (name: string, absent: boolean) =>
    oneOf(name, text(name) ?? String(absent), ['true', 'false']) === 'true';
  const localstackPort = text('localstackPort');
  const vpcId = text('vpcId');
  return {
    name: checkedName(text('name') ?? 'zeroplane'),
    admins: list(text('admins')),
    removalPolicy:
      oneOf('removalPolicy', text('removalPolicy') ?? 'retain', ['retain', 'destroy']) === 'destroy'
        ? RemovalPolicy.DESTROY
        : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    logRetentionDays: Number(text('logRetentionDays') ?? 30),
    pointInTimeRecovery: flag('pointInTimeRecovery', true),
    kmsKey: oneOf('kmsKey', text('kmsKey') ?? 'false', ['true', 'false', 'retired']),
    alarms: flag('alarms', false),
    xray: flag('xray', false),
    fargate: flag('fargate', false),
    ...(vpcId && { vpcId }),
    serviceCIDR: text('serviceCIDR') ?? '10.96.0.0/16',
    keyRotation: text('keyRotation') ?? '1',
    tags: Object.fromEntries(list(text('tags')).map((pair) => splitOnce(pair))),
    dist,
    version,
    ...(localstackPort && { localstackPort: Number(localstackPort) }),
  };
}

function checkedName(name: string): string {
  if (!NAME.test(name))
    throw new Error(`name=${name}: a cluster's name is up to 29 lower-case letters, digits and dashes`);
  return name;
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (!found) throw new Error(`${name}=${value}: it may be ${known.join(' or ')}`);
  return found;
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter(Boolean);
}

/** `KEY=VALUE` */
function splitOnce(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new Error(`tags=${pair}: tags are KEY=VALUE,KEY=VALUE`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
