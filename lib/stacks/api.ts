import { ArnFormat, CfnOutput, CustomResource, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EndpointType, LambdaIntegration, ResponseTransferMode, RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { APISERVER_KEYS } from '../cloud/aws/key-parameters.ts';
import { acknowledge } from './acknowledge.ts';
import { ClusterFunction } from './cluster-function.ts';
import { allowFargateLogs } from './fargate.ts';
import { allowKms } from './kms-access.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';
import type { StorageStack } from './storage.ts';
import { allowStore } from './store-access.ts';

const STAGE = 'k8s';
/** Requests a second of the whole cluster, and how many may come at once: a runaway client must not cost a fortune. */
const RATE_LIMIT = 500;
const BURST_LIMIT = 1_000;

/** kubectl → API Gateway → functions/apiserver. */
export class ApiStack extends Stack {
  readonly endpoint: string;

  constructor(scope: Construct, id: string, settings: Settings, storage: StorageStack, props: StackProps = {}) {
    super(scope, id, { ...props, description: `Zeroplane ${settings.name}: the Kubernetes API` });
    const apiserver = new ClusterFunction(this, 'Apiserver', {
      settings,
      part: 'apiserver',
      description: 'The Kubernetes API',
      memorySize: 1769,
      timeout: Duration.minutes(15),
      environment: {
        ZEROPLANE_ADMINS: settings.admins.join(','),
        ZEROPLANE_NODE_ROLE: names(settings).nodeRoleArn(this),
      },
    });
    allowStore(apiserver, storage);
    apiserver.allowKeys(settings, APISERVER_KEYS);
    allowKms(apiserver, settings, { tables: true, parameters: 'read', secrets: true });
    const { function: functionName } = names(settings);
    const vpcFunction = this.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName('vpc'),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    apiserver.allow(['lambda:InvokeFunction'], [vpcFunction]);
    if (settings.fargate) allowFargateLogs(settings, apiserver);
    this.bootstrap(apiserver);
    this.endpoint = this.gateway(settings, apiserver);
    apiserver.function.addEnvironment('ZEROPLANE_PUBLIC_URL', this.endpoint);
    new CfnOutput(this, 'Endpoint', { value: this.endpoint, description: 'The server of a kubeconfig' });
    new CfnOutput(this, 'Cluster', { value: settings.name });
  }

  /** Each deployment of another bundle makes or mends what every cluster has, through the function itself. */
  private bootstrap(apiserver: ClusterFunction): void {
    const objects = new CustomResource(this, 'Objects', {
      serviceToken: apiserver.function.functionArn,
      resourceType: 'Custom::ZeroplaneObjects',
      serviceTimeout: Duration.minutes(5),
      properties: { Version: apiserver.bundleHash },
    });
    objects.node.addDependency(apiserver.role);
  }

  private gateway(settings: Settings, apiserver: ClusterFunction): string {
    const api = new RestApi(this, 'Api', {
      restApiName: settings.name,
      description: `The Kubernetes API of ${settings.name}`,
      endpointConfiguration: { types: [EndpointType.REGIONAL] },
      // Bodies may be protobuf or gzip. LocalStack does not understand the first.
      binaryMediaTypes: settings.localstackPort ? ['application/*'] : ['*/*'],
      cloudWatchRole: false,
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: RATE_LIMIT,
        throttlingBurstLimit: BURST_LIMIT,
        tracingEnabled: settings.xray,
      },
    });
    acknowledge(api, {
      'AwsSolutions-APIG1': 'Paid by the gigabyte; the apiserver’s own log has what is needed',
      'AwsSolutions-APIG2': 'The apiserver validates every request against its schemas',
      'AwsSolutions-APIG3': 'A web ACL costs 5 dollars a month and more; put one before the stage where it is wanted',
      'AwsSolutions-APIG4': 'The apiserver authenticates and authorizes every request, as Kubernetes does',
      'AwsSolutions-APIG6': 'Paid by the gigabyte; requests carry tokens and Secrets, which no log may hold',
      'AwsSolutions-COG4': 'The apiserver authenticates and authorizes every request, as Kubernetes does',
    });
    const integration = new LambdaIntegration(apiserver.function, {
      scopePermissionToMethod: false,
      // LocalStack knows no streams.
      responseTransferMode: settings.localstackPort ? ResponseTransferMode.BUFFERED : ResponseTransferMode.STREAM,
      timeout: settings.localstackPort ? Duration.seconds(29) : Duration.minutes(15),
    });
    api.root.addMethod('ANY', integration);
    api.root.addResource('{proxy+}').addMethod('ANY', integration);
    const { localstackPort } = settings;
    // Not by the stage, which comes after the function that is told this.
    return localstackPort
      ? `https://localhost:${localstackPort}/_aws/execute-api/${api.restApiId}/${STAGE}`
      : `https://${api.restApiId}.execute-api.${this.region}.${this.urlSuffix}/${STAGE}`;
  }
}
