import { SSMClient } from '@aws-sdk/client-ssm';
import type { IamOptions } from '../../functions/apiserver/authentication/iam/iam-token.ts';
import { composeApiserver } from '../../functions/apiserver/compose.ts';
import type { Apiserver } from '../../functions/apiserver/contract.ts';
import type { Backend } from '../../functions/apiserver/dependencies.ts';
import { API_ENDPOINT, type AwsEnvironment, ISSUER } from '../../lib/cloud/aws/environment.ts';
import { httpGet } from '../../lib/cloud/aws/http-get.ts';
import { APISERVER_KEYS, type ClusterKeys, clusterKeys, KEYS } from '../../lib/cloud/aws/key-parameters.ts';
import { type Parameters, ssmParameters } from '../../lib/cloud/aws/parameters.ts';
import { once } from '../../lib/runtime/once.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { ringKeys } from '../../lib/storage/encryption/key-ring.ts';
import { kmsKeys } from '../../lib/storage/encryption/kms-keys.ts';
import { parameterRing } from '../../lib/storage/encryption/parameter-ring.ts';
import { ENCRYPTED_TYPES, encryptedStore } from '../../lib/storage/encryption/store.ts';
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
  const parameters = ssmParameters(new SSMClient({}), environment.keysPath);
  const keys = clusterKeys(await parameters.read(APISERVER_KEYS));
  const store = sealed(environment, parameters, keys, platform);
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
    capacity: true,
    authorityCertificate: keys.authorityCertificate,
    frontProxyCertificate: keys.frontProxyCertificate,
    ...(backend && { backend: backend(keys) }),
  });
  return { ...composed, store, keys };
}

function iamOptions({ cluster, admins, nodeRole, awsEndpoint }: AwsEnvironment): IamOptions {
  return { clusterName: cluster, admins, nodeRole, httpGet, stsEndpoint: awsEndpoint };
}

/** Asked for when the ring names a key of KMS: other clusters load no client. */
const kms = once(async () => (await import('../../lib/cloud/aws/kms.ts')).awsKms());

/** Secrets are sealed with the ring that lies in a parameter: a key that is added there is used within a minute. */
function sealed(environment: AwsEnvironment, parameters: Parameters, { secrets }: ClusterKeys, platform: Platform) {
  const { clock } = platform;
  const fetch = async () => (await parameters.read([KEYS.secrets])).get(KEYS.secrets) ?? '';
  const ring = parameterRing(fetch, clock, `the parameter ${KEYS.secrets}`, secrets);
  const keys = ringKeys(ring, kmsKeys(kms, environment.cluster, clock));
  return encryptedStore(openAwsStore(environment, platform), { keys, types: ENCRYPTED_TYPES });
}
