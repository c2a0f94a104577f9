import { type StsToken, stsToken } from '../../../lib/cloud/aws/sts-token.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import { type AwsOptions, credentialsOf, regionOf } from './credentials.ts';

/** Signed anew before it ends, so that none ends on its way. */
const EARLY_MS = 60_000;

/** kubectl's credential plugin: prints an ExecCredential. Source: the Kubernetes documentation, "client-go credential plugins". */
export async function token(options: AwsOptions & { cluster: string }, clock: Clock): Promise<void> {
  const region = await regionOf(options.region);
  const credentials = await (await credentialsOf({ ...options, region }))();
  process.stdout.write(execCredential(await stsToken({ credentials, region, cluster: options.cluster }, clock.now())));
}

export function execCredential({ token, expiresAtMs }: StsToken): string {
  const expirationTimestamp = new Date(expiresAtMs - EARLY_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  return `${JSON.stringify({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {},
    status: { expirationTimestamp, token },
  })}\n`;
}
