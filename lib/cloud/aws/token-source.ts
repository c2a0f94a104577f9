import type { Clock } from '../../runtime/clock.ts';
import { type AwsCredentials, type StsToken, stsToken } from './sts-token.ts';

export interface TokenSourceOptions {
  /** Asked whenever a token is signed: instance roles' credentials rotate. */
  credentials(): Promise<AwsCredentials>;
  region: string;
  cluster: string;
  clock: Clock;
}

/** A token is signed anew so long before its end that no request begun with it can outlast it. */
const RENEW_BEFORE_MS = 5 * 60_000;

/** A bearer token that is always good for some minutes more. Signing is local, so that it needs nobody but who gives the credentials. */
export function tokenSource({ credentials, region, cluster, clock }: TokenSourceOptions): () => Promise<string> {
  let current: StsToken | undefined;
  let renewing: Promise<StsToken> | undefined;
  const renew = async () => {
    current = await stsToken({ credentials: await credentials(), region, cluster }, clock.now());
    return current;
  };
  return async () => {
    if (current && current.expiresAtMs - clock.now() > RENEW_BEFORE_MS) return current.token;
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return (await renewing).token;
  };
}
