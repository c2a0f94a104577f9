import type { Clock } from '../../../lib/runtime/clock.ts';
import type { UserInfo } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { type Reference, type TokenClaims, userOf } from '../tokens/claims.ts';
import { parse, type TokenKeys } from '../tokens/signing-key.ts';

export interface TokenAnswer {
  user: UserInfo;
  audiences: string[];
}

/** Answers undefined for a token that is someone else's; throws TokenError for one of ours that does not hold. */
export type TokenAuthenticator = (token: string, audiences: readonly string[]) => Promise<TokenAnswer | undefined>;

/** Why a token was refused, as TokenReview's status.error says it. */
export class TokenError extends Error {}

/** go-jose's: how far clocks may differ. */
const LEEWAY_SECONDS = 60;

/**
 * A ServiceAccount token holds while it is signed, in time, meant for us, and while the account and the object it is bound
 * to exist with the uid they had. Source: k8s.io/kubernetes/pkg/serviceaccount/{jwt,claims}.go
 */
export function serviceAccountTokens(options: {
  keys: TokenKeys;
  issuer: string;
  reader: Reader;
  clock: Clock;
}): TokenAuthenticator {
  const { keys, issuer, reader, clock } = options;
  return async (token, audiences) => {
    const parts = token.split('.');
    if (parts.length !== 3) return undefined;
    const claims = keys.verify(token) as TokenClaims | undefined;
    if (!claims) {
      if (parse(parts[1]!)?.iss !== issuer) return undefined;
      throw new TokenError('go-jose/go-jose: error in cryptographic primitive');
    }
    if (claims.iss !== issuer) return undefined;
    const shared = claims.aud.filter((audience) => audiences.includes(audience));
    if (shared.length === 0) throw new TokenError(audienceMismatch(claims.aud, audiences));
    checkTimes(claims, clock.now() / 1000);
    await checkObjects(claims, reader, clock);
    return { user: userOf(claims), audiences: shared };
  };
}

function audienceMismatch(given: readonly string[], wanted: readonly string[]): string {
  const quote = (values: readonly string[]) => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
  return `token audiences ${quote(given)} is invalid for the target audiences ${quote(wanted)}`;
}

function checkTimes(claims: TokenClaims, now: number): void {
  if (now > claims.exp + LEEWAY_SECONDS) throw new TokenError('service account token has expired');
  if (now < claims.nbf - LEEWAY_SECONDS) throw new TokenError('service account token is not valid yet');
  if (now < claims.iat - LEEWAY_SECONDS) throw new TokenError('service account token is issued in the future');
}

async function checkObjects(claims: TokenClaims, reader: Reader, clock: Clock): Promise<void> {
  const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
  const gone = (object: Found) => isDeleted(object, clock);

  async function bound(type: string, what: string, reference: Reference, inNamespace?: string): Promise<void> {
    const object = await reader.get(type, reference.name, inNamespace);
    if (!object || gone(object)) throw new TokenError('service account token has been invalidated');
    if (object.metadata.uid === reference.uid) return;
    throw new TokenError(
      `${what} UID (${object.metadata.uid}) does not match service account ${refName(what)} (${reference.uid})`,
    );
  }

  const account = await reader.get('serviceaccounts', serviceaccount.name, namespace);
  if (!account) throw new TokenError(`serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`);
  if (account.metadata.uid !== serviceaccount.uid)
    throw new TokenError(`service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`);
  if (gone(account)) throw new TokenError(`service account ${namespace}/${serviceaccount.name} has been deleted`);
  if (secret) await bound('secrets', 'secret', secret, namespace);
  if (pod) await bound('pods', 'pod', pod, namespace);
  else if (node) await bound('nodes', 'node', node);
}

const refName = (what: string) => `${what} ref claim`;

type Found = { metadata: { deletionTimestamp?: string | undefined } };

function isDeleted(object: Found, clock: Clock): boolean {
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < clock.now() - LEEWAY_SECONDS * 1000;
}
