import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

/** Long-lived keys, or a session's with its token. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface IamTokenOptions {
  credentials: AwsCredentials;
  region: string;
  /** Signed into the token, so that it is good for this cluster only. */
  clusterName: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** Another STS than the region's: LocalStack's. */
  endpoint?: string | undefined;
}

export interface IamToken {
  token: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

const PREFIX = 'k8s-aws-v1.';
const CLUSTER_HEADER = 'x-k8s-aws-id';
const EXPIRES_SECONDS = 900;
/** Renewed a minute before it ends, so that none ends on its way. */
const EARLY_MS = 60_000;

/** Who somebody is, signed: a GetCallerIdentity that the apiserver sends to STS. Source: aws-iam-authenticator, pkg/token. */
export async function iamToken(options: IamTokenOptions): Promise<IamToken> {
  const { credentials, region, clusterName, now } = options;
  const endpoint = new URL(options.endpoint ?? stsEndpoint(region));
  const signer = new SignatureV4({ credentials: withoutEmpty(credentials), region, service: 'sts', sha256: Sha256 });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      ...(endpoint.port && { port: Number(endpoint.port) }),
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: endpoint.host, [CLUSTER_HEADER]: clusterName },
    },
    { expiresIn: EXPIRES_SECONDS, signingDate: new Date(now), unhoistableHeaders: new Set([CLUSTER_HEADER]) },
  );
  const url = new URL('/', endpoint);
  for (const [name, value] of Object.entries(signed.query ?? {})) url.searchParams.set(name, String(value));
  const token = `${PREFIX}${Buffer.from(url.toString()).toString('base64url')}`;
  return { token, expiresAt: now + EXPIRES_SECONDS * 1000 - EARLY_MS };
}

function withoutEmpty({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials) {
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

function stsEndpoint(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
