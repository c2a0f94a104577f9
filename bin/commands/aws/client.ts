import { httpUpstream } from '../../../lib/api-proxy/upstream.ts';
import type { Client, Transport } from '../../../lib/client/client.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { tokenSource } from '../../../lib/cloud/aws/token-source.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import { type AwsOptions, credentialsOf } from './credentials.ts';
import type { AwsTarget } from './target.ts';

/** A token of whoever is signed in to AWS, always good for some minutes more. */
export async function tokensFor(target: AwsTarget, options: AwsOptions, clock: Clock): Promise<() => Promise<string>> {
  const { region, cluster } = target;
  return tokenSource({ credentials: await credentialsOf({ ...options, region }), region, cluster, clock });
}

export function upstreamOf({ server, insecureSkipTlsVerify }: AwsTarget): Transport {
  return httpUpstream({ server, insecureSkipTlsVerify });
}

export async function awsClient(target: AwsTarget, options: AwsOptions, clock: Clock): Promise<Client> {
  const upstream = upstreamOf(target);
  const tokens = await tokensFor(target, options, clock);
  const transport: Transport = async (request) => {
    request.headers.set('authorization', `Bearer ${await tokens()}`);
    return upstream(request);
  };
  return createClient(transport, { userAgent: 'zeroplane' });
}
