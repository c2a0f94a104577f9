import { SSMClient } from '@aws-sdk/client-ssm';
import type { IamOptions } from '../../functions/apiserver/authentication/iam/iam-token.ts';
import { composeApiserver } from '../../functions/apiserver/compose.ts';
import type { Apiserver } from '../../functions/apiserver/contract.ts';
import type { Backend } from '../../functions/apiserver/dependencies.ts';
import { API_ENDPOINT, type AwsEnvironment, ISSUER } from '../../lib/cloud/aws/environment.ts';
import { httpGet } from '../../lib/cloud/aws/http-get.ts';
import { APISERVER_KEYS, type ClusterKeys, clusterKeys } from '../../lib/cloud/aws/key-parameters.ts';
import { ssmParameters } from '../../lib/cloud/aws/parameters.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { openAwsStore } from './aws-store.ts';
import type { Platform } from './control-plane.ts';

export interface AwsApiserver {
  apiserver: Apiserver;
  store: Store;
  keys: ClusterKeys;
  bootstrap(): Promise<void>;
}

/** The apiserver over the cluster's tables and keys: of the function apiserver, and within scheduler and controllers. */
export async function openAwsApiserver(
  environment: AwsEnvironment,
  platform: Platform,
  backend?: (keys: ClusterKeys) => Backend,
): Promise<AwsApiserver> {
  const store = openAwsStore(environment, platform);
  const keys = await readKeys(environment);
  const composed = composeApiserver({
    store,
    ...platform,
    version: environment.version,
    serviceCIDR: environment.serviceCIDR,
    serviceAccountKey: keys.serviceAccount.key,
    serviceAccountPublicKeys: keys.serviceAccount.previous,
    issuer: environment.publicUrl ?? ISSUER,
    publicUrl: environment.publicUrl,
    iam: iamOptions(environment),
    endpoint: API_ENDPOINT,
    authorityCertificate: keys.authorityCertificate,
    frontProxyCertificate: keys.frontProxyCertificate,
    ...(backend && { backend: backend(keys) }),
  });
  return { ...composed, store, keys };
}

function iamOptions({ cluster, admins, nodeRole, awsEndpoint }: AwsEnvironment): IamOptions {
  return { clusterName: cluster, admins, nodeRole, httpGet, stsEndpoint: awsEndpoint };
}

async function readKeys({ keysPath }: AwsEnvironment): Promise<ClusterKeys> {
  return clusterKeys(await ssmParameters(new SSMClient({}), keysPath).read(APISERVER_KEYS));
}
