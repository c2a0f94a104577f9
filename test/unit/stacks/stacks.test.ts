import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type ClusterStacks, clusterStacks } from '../../../lib/stacks/cluster.ts';
import { settings } from '../../../lib/stacks/settings.ts';

jest.setTimeout(120_000);

const PARTS = ['apiserver', 'keys', 'scheduler', 'controllers', 'dispatcher', 'vpc'];
const { context } = JSON.parse(readFileSync(join(process.cwd(), 'cdk.json'), 'utf8'));

let dist: string;
beforeAll(() => {
  dist = mkdtempSync(join(tmpdir(), 'zeroplane-stacks-'));
  for (const folder of [...PARTS.map((part) => join('functions', part)), 'agent']) {
    mkdirSync(join(dist, folder), { recursive: true });
    writeFileSync(join(dist, folder, 'index.js'), `// ${folder}`);
  }
});
afterAll(() => rmSync(dist, { recursive: true }));

interface Synthesized {
  app: App;
  stacks: ClusterStacks;
  templates: Record<keyof ClusterStacks, Template>;
}

function synthesized(values: Record<string, string> = {}): Synthesized {
  const outdir = mkdtempSync(join(dist, 'cdk.out-'));
  const app = new App({ outdir, context: { ...context, admins: 'arn:aws:iam::111122223333:role/admin', ...values } });
  const stacks = clusterStacks(app, settings(app.node, '0.0.0', dist));
  const templates = Object.fromEntries(
    Object.entries(stacks).map(([name, stack]) => [name, Template.fromStack(stack as Stack)]),
  ) as Synthesized['templates'];
  return { app, stacks, templates };
}

const all = ({ templates }: Synthesized) => Object.values(templates);
const resources = (template: Template, type: string) => Object.values(template.findResources(type)) as any[];

describe('the stacks by default', () => {
  let made: Synthesized;
  beforeAll(() => {
    made = synthesized();
  });

  test.each([
    'AWS::EC2::NatGateway',
    'AWS::EC2::EIP',
    'AWS::KMS::Key',
    'AWS::CloudWatch::Alarm',
    'AWS::SecretsManager::Secret',
    'AWS::Lambda::Alias',
    'AWS::ApiGateway::UsagePlan',
    'AWS::EC2::FlowLog',
    'AWS::EC2::Instance',
  ])('hold no %s, which would cost while idle', (type) => {
    for (const template of all(made)) template.resourceCountIs(type, 0);
  });

  test('no endpoint of the VPC is billed by the hour', () => {
    for (const endpoint of resources(made.templates.workers, 'AWS::EC2::VPCEndpoint'))
      expect(endpoint.Properties.VpcEndpointType).toBe('Gateway');
  });

  test('tables are paid by request, restorable, collect what expires, and outlive the stack', () => {
    const tables = resources(made.templates.storage, 'AWS::DynamoDB::Table');
    expect(tables.map(({ Properties }) => Properties.TableName).sort()).toEqual([
      'zeroplane-counters',
      'zeroplane-log',
      'zeroplane-objects',
      'zeroplane-parts',
    ]);
    for (const { Properties, DeletionPolicy } of tables) {
      expect(DeletionPolicy).toBe('RetainExceptOnCreate');
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      });
    }
  });

  test('streams tell keys only, of objects and of the log', () => {
    for (const { Properties } of resources(made.templates.storage, 'AWS::DynamoDB::Table')) {
      const streams = /-(?:objects|log)$/.test(Properties.TableName);
      expect(Properties.StreamSpecification).toEqual(streams ? { StreamViewType: 'KEYS_ONLY' } : undefined);
    }
  });

  test('the keys are kept as long as what they encrypt', () => {
    made.templates.storage.hasResource('Custom::ZeroplaneKeys', { DeletionPolicy: 'RetainExceptOnCreate' });
  });

  test('every function runs on arm64 with Node.js 24, with logs that end', () => {
    const functions = all(made).flatMap((template) => resources(template, 'AWS::Lambda::Function'));
    expect(functions.map(({ Properties }) => Properties.FunctionName).sort()).toEqual(
      PARTS.map((part) => `zeroplane-${part}`).sort(),
    );
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(Properties.TracingConfig).toBeUndefined();
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
    }
    const groups = all(made).flatMap((template) => resources(template, 'AWS::Logs::LogGroup'));
    expect(groups).toHaveLength(PARTS.length);
    for (const { Properties } of groups) expect(Properties.RetentionInDays).toBe(30);
  });

  test('API Gateway passes everything on to the apiserver, as a stream, within a limit', () => {
    const { api } = made.templates;
    api.hasResourceProperties('AWS::ApiGateway::RestApi', {
      BinaryMediaTypes: ['*/*'],
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
    const methods = resources(api, 'AWS::ApiGateway::Method');
    expect(methods).toHaveLength(2);
    for (const { Properties } of methods)
      expect(Properties.Integration).toMatchObject({ Type: 'AWS_PROXY', ResponseTransferMode: 'STREAM' });
    api.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: [Match.objectLike({ ThrottlingBurstLimit: 1000, ThrottlingRateLimit: 500 })],
    });
  });

  test('two functions read the objects’ stream, one the log’s: a shard takes no more', () => {
    const mappings = resources(made.templates.controllers, 'AWS::Lambda::EventSourceMapping');
    const streamed = mappings.filter(({ Properties }) => Properties.StartingPosition);
    const sources = streamed.map(({ Properties }) => JSON.stringify(Properties.EventSourceArn));
    expect(sources.filter((source) => source.includes('Objects'))).toHaveLength(2);
    expect(sources.filter((source) => source.includes('Log'))).toHaveLength(1);
    for (const { Properties } of streamed) {
      expect(Properties).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        StartingPosition: 'TRIM_HORIZON',
        DestinationConfig: { OnFailure: {} },
      });
      expect(Properties.MaximumRetryAttempts).toBeLessThan(20);
      expect(Properties.FilterCriteria.Filters[0].Pattern).toContain('"eventName":["INSERT","MODIFY"]');
    }
  });

  test('queues of timers are polled by nobody until a function asks for it', () => {
    const mappings = resources(made.templates.controllers, 'AWS::Lambda::EventSourceMapping');
    const queued = mappings.filter(({ Properties }) => !Properties.StartingPosition);
    expect(queued).toHaveLength(2);
    for (const { Properties } of queued)
      expect(Properties).toMatchObject({ Enabled: false, FunctionResponseTypes: ['ReportBatchItemFailures'] });
  });

  test('every queue is encrypted, takes TLS only, and gives up into a queue of dead letters', () => {
    const queues = resources(made.templates.controllers, 'AWS::SQS::Queue');
    for (const { Properties } of queues) {
      expect(Properties.SqsManagedSseEnabled).toBe(true);
      if (Properties.QueueName.endsWith('dead-letters')) continue;
      expect(Properties.RedrivePolicy.maxReceiveCount).toBeGreaterThan(0);
    }
    expect(resources(made.templates.controllers, 'AWS::SQS::QueuePolicy')).toHaveLength(queues.length);
  });

  test('nodes show tokens to get metadata, keep it from pods, and have encrypted disks and a prefix for pods', () => {
    const templates = resources(made.templates.workers, 'AWS::EC2::LaunchTemplate');
    expect(templates).toHaveLength(2);
    for (const { Properties } of templates)
      expect(Properties.LaunchTemplateData).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        NetworkInterfaces: [{ Ipv4PrefixCount: 1 }],
        BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
      });
  });

  test('nothing from outside reaches a node', () => {
    const { workers } = made.templates;
    for (const { Properties } of resources(workers, 'AWS::EC2::SecurityGroup'))
      expect(Properties.SecurityGroupIngress).toBeUndefined();
    for (const { Properties } of resources(workers, 'AWS::EC2::SecurityGroupIngress')) {
      expect(Properties.SourceSecurityGroupId).toBeDefined();
      expect(Properties.CidrIp).toBeUndefined();
    }
  });

  test('no role may do everything with anything', () => {
    const policies = all(made).flatMap((template) => resources(template, 'AWS::IAM::Policy'));
    const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    for (const { Action } of statements)
      for (const action of [Action].flat()) expect(action).not.toMatch(/^(?:\*|\w+:\*)$/);
    for (const { Action } of statements.filter(({ Resource }) => Resource === '*'))
      expect([Action].flat().sort()).toEqual(expect.arrayContaining([expect.stringMatching(/:(?:List|Describe)/)]));
  });

  test('only the controllers read the key of the cluster’s authority', () => {
    const readers = all(made)
      .flatMap((template) => Object.entries(template.findResources('AWS::IAM::Policy')))
      .filter(([, policy]) => JSON.stringify(policy).includes('/zeroplane/zeroplane/ca"'))
      .map(([id]) => id);
    expect(readers).toHaveLength(1);
    expect(readers[0]).toMatch(/^Controllers/);
  });

  test('no template goes in a circle, which only CloudFormation itself would find', () => {
    for (const template of all(made)) expect(circle(template.toJSON().Resources)).toBeUndefined();
  });
});

describe('what a deployment may ask for', () => {
  test('everything goes with the stack', () => {
    const { templates } = synthesized({ removalPolicy: 'destroy' });
    for (const { DeletionPolicy } of resources(templates.storage, 'AWS::DynamoDB::Table'))
      expect(DeletionPolicy).toBe('Delete');
    templates.storage.hasResource('Custom::ZeroplaneKeys', { DeletionPolicy: 'Delete' });
  });

  describe('a key of the customer’s', () => {
    const statementsOf = (template: Template) =>
      Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(([id, { Properties }]) =>
        (Properties as any).PolicyDocument.Statement.filter(({ Action }: any) => /^kms:/.test([Action].flat()[0])).map(
          (statement: any) => ({ ...statement, id }),
        ),
      );

    test('encrypts tables, keys and Secrets, and rotates every year', () => {
      const { storage } = synthesized({ kmsKey: 'true' }).templates;
      storage.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
      storage.hasResourceProperties('AWS::KMS::Alias', { AliasName: 'alias/zeroplane-zeroplane' });
      for (const { Properties } of resources(storage, 'AWS::DynamoDB::Table'))
        expect(Properties.SSESpecification).toMatchObject({ SSEEnabled: true, SSEType: 'KMS' });
      storage.hasResourceProperties('Custom::ZeroplaneKeys', {
        KmsKeyId: Match.anyValue(),
        RetiredKmsKeyId: Match.absent(),
      });
    });

    test('is retired first: it stays and opens, and writes nothing', () => {
      const { storage, api } = synthesized({ kmsKey: 'retired' }).templates;
      storage.resourceCountIs('AWS::KMS::Key', 1);
      for (const { Properties } of resources(storage, 'AWS::DynamoDB::Table'))
        expect(Properties.SSESpecification?.SSEType).toBeUndefined();
      storage.hasResourceProperties('Custom::ZeroplaneKeys', {
        KmsKeyId: Match.absent(),
        RetiredKmsKeyId: Match.anyValue(),
      });
      expect(statementsOf(api)).not.toEqual([]);
    });

    test('is held on to by no other stack, so that it can be taken away', () => {
      const { storage } = synthesized({ kmsKey: 'true' }).templates;
      expect(Object.keys(storage.toJSON().Outputs).filter((name) => /Key[0-9A-F]{8}/.test(name))).toEqual([]);
    });

    test('may be used by its alias only, and each role may do what it must', () => {
      const { templates } = synthesized({ kmsKey: 'true' });
      const direct = new Map<string, string[]>();
      for (const { id, Action, Condition } of Object.values(templates).flatMap(statementsOf)) {
        expect(Condition['ForAnyValue:StringEquals']).toEqual({ 'kms:ResourceAliases': 'alias/zeroplane-zeroplane' });
        if (Condition.StringEquals?.['kms:ViaService']) continue;
        direct.set(id.replace(/(?:Part)?Role.*/, ''), [Action].flat());
        if ([Action].flat().includes('kms:GenerateDataKey'))
          expect(Condition.StringEquals).toEqual({ 'kms:EncryptionContext:zeroplane:cluster': 'zeroplane' });
      }
      const wraps = ['kms:Decrypt', 'kms:GenerateDataKey'];
      expect(Object.fromEntries(direct)).toEqual({
        Apiserver: wraps,
        Controllers: wraps,
        Scheduler: wraps,
        KeysKeeper: ['kms:GetKeyRotationStatus', 'kms:RotateKeyOnDemand'],
      });
    });

    test('finds the rights there: the tables have it before the functions are deployed', () => {
      const rights = (values: Record<string, string>) => {
        const { api, controllers } = synthesized(values).templates;
        return [api, controllers].flatMap(statementsOf);
      };
      expect(rights({})).toEqual(rights({ kmsKey: 'true' }));
      expect(rights({})).not.toEqual([]);
    });
  });

  test('alarms tell of dead letters', () => {
    const { templates } = synthesized({ alarms: 'true' });
    templates.controllers.resourceCountIs('AWS::CloudWatch::Alarm', 3);
  });

  test('a virtual node has an ECS cluster, logs that end, notices of its tasks, and rights for them alone', () => {
    const { templates } = synthesized({ fargate: 'true', logRetentionDays: '7' });
    const { controllers, api } = templates;
    controllers.hasResourceProperties('AWS::ECS::Cluster', { ClusterName: 'zeroplane' });
    const logs = { LogGroupName: '/zeroplane/zeroplane/fargate', RetentionInDays: 7 };
    controllers.hasResourceProperties('AWS::Logs::LogGroup', logs);
    controllers.hasResourceProperties('AWS::Events::Rule', { EventPattern: { source: ['aws.ecs'] } });
    const environment = { Variables: Match.objectLike({ ZEROPLANE_FARGATE_LOGS: '/zeroplane/zeroplane/fargate' }) };
    api.hasResourceProperties('AWS::Lambda::Function', { Environment: environment });
    for (const template of [controllers, api]) expect(circle(template.toJSON().Resources)).toBeUndefined();
  });

  test('another name is another cluster', () => {
    const { templates } = synthesized({ name: 'dev' });
    templates.storage.hasResourceProperties('AWS::DynamoDB::Table', { TableName: 'dev-objects' });
    templates.storage.hasResourceProperties('Custom::ZeroplaneKeys', { Path: '/zeroplane/dev/' });
  });

  test('tags, retention of logs, tracing', () => {
    const { templates } = synthesized({ tags: 'team=a,cost=b', logRetentionDays: '7', xray: 'true' });
    templates.storage.hasResourceProperties('AWS::DynamoDB::Table', {
      Tags: Match.arrayWith([{ Key: 'team', Value: 'a' }]),
    });
    templates.api.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
    templates.api.hasResourceProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'Active' } });
  });

  test.each([
    [{ name: 'Not A Name' }, /a cluster's name is/],
    [{ removalPolicy: 'maybe' }, /it may be retain or destroy/],
    [{ tags: 'oops' }, /tags are KEY=VALUE/],
    [{ kmsKey: 'maybe' }, /it may be true or false or retired/],
  ])('%j is refused, in words', (values, message) => {
    expect(() => synthesized(values)).toThrow(message);
  });
});

test.each([
  ['by default', {}],
  ['with a virtual node', { fargate: 'true' }],
  ['with a key of the customer’s', { kmsKey: 'true' }],
])('AWS Solutions’ rules hold %s, or it is said why not', (_, values) => {
  const { app } = synthesized(values);
  const report = new AwsSolutionsChecks(app).validateScope(app);
  const found = report.violations.flatMap(({ ruleName, violatingResources }: any) =>
    violatingResources.map(({ constructPath }: any) => `${ruleName} ${constructPath}`),
  );
  expect(found).toEqual([]);
});

/** Resources that wait for each other. */
function circle(template: Record<string, any>): string[] | undefined {
  const needs = new Map(Object.entries(template).map(([id, resource]) => [id, references(resource, template)]));
  const done = new Set<string>();
  const visit = (id: string, path: string[]): string[] | undefined => {
    if (path.includes(id)) return [...path.slice(path.indexOf(id)), id];
    if (done.has(id)) return undefined;
    for (const next of needs.get(id) ?? []) {
      const found = visit(next, [...path, id]);
      if (found) return found;
    }
    done.add(id);
    return undefined;
  };
  for (const id of needs.keys()) {
    const found = visit(id, []);
    if (found) return found;
  }
  return undefined;
}

function references(value: any, template: Record<string, any>): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value).flatMap(([key, inner]: [string, any]) => {
    if (key === 'DependsOn') return [inner].flat();
    if (key === 'Ref') return [inner];
    if (key === 'Fn::GetAtt') return [inner[0]];
    if (key === 'Fn::Sub') return [...JSON.stringify(inner).matchAll(/\$\{(\w+)/g)].map((match) => match[1]!);
    return references(inner, template);
  });
  return own.filter((id) => id in template);
}
