import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

/** As every part of AWS's SDK gives them. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Absent: they do not end. */
  expiration?: Date;
}

export interface StsTokenOptions {
  credentials: AwsCredentials;
  region: string;
  /** Whom the token is for: no other cluster takes it. */
  cluster: string;
}

export interface StsToken {
  token: string;
  expiresAtMs: number;
}

/** How such tokens begin, and the signed header that names the cluster. Source: aws-iam-authenticator, as `aws eks get-token` writes them. */
export const TOKEN_PREFIX = 'k8s-aws-v1.';
export const CLUSTER_HEADER = 'x-k8s-aws-id';

/** A presigned GetCallerIdentity is good for fifteen minutes after it was signed, whatever its X-Amz-Expires says. */
export const STS_TOKEN_MS = 15 * 60_000;
const EXPIRES_SECONDS = 60;

export function stsHost(region: string): string {
  return `sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
}

/** A bearer token that says who signed it: a GetCallerIdentity request that whoever checks the token sends to STS. Made without any request. */
export async function stsToken({ credentials, region, cluster }: StsTokenOptions, now: number): Promise<StsToken> {
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const host = stsHost(region);
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: host,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host, [CLUSTER_HEADER]: cluster },
  };
  const { query } = await signer.presign(request, {
    expiresIn: EXPIRES_SECONDS,
    signingDate: new Date(now),
    unhoistableHeaders: new Set([CLUSTER_HEADER]),
  });
  const url = `https://${host}/?${new URLSearchParams(query as Record<string, string>)}`;
  const expiresAtMs = Math.min(now + STS_TOKEN_MS, credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY);
  return { token: TOKEN_PREFIX + Buffer.from(url).toString('base64url'), expiresAtMs };
}
