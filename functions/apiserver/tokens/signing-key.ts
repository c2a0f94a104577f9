import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** What signs ServiceAccount tokens, and what else may have signed those still in use. */
export interface TokenKeys {
  sign(claims: object): string;
  /** The claims of a token that one of the keys signed; otherwise undefined. Looks at no claim. */
  verify(token: string): TokenPayload | undefined;
  /** RFC 7517. */
  jwks(): { keys: Record<string, string>[] };
  readonly algorithms: readonly string[];
}

export type TokenPayload = Record<string, any>;

/** Tokens whose signature is known to be good. Their claims are checked at each use. */
const MAX_VERIFIED = 10_000;

interface PublicKey {
  key: KeyObject;
  kid: string;
  algorithm: string;
}

/** PEM: the private key, and public keys of earlier ones. */
export function tokenKeys(privateKey: string, publicKeys: readonly string[] = []): TokenKeys {
  const signer = createPrivateKey(privateKey);
  const own = publicKeyOf(createPublicKey(privateKey));
  const earlier = publicKeys.map((pem) => publicKeyOf(createPublicKey(pem)));
  const known = new Map([own, ...earlier].map((key) => [key.kid, key]));
  const header = base64url(JSON.stringify({ alg: own.algorithm, kid: own.kid }));
  const verified = new Map<string, TokenPayload>();

  return {
    algorithms: [...new Set([...known.values()].map((key) => key.algorithm))],
    jwks: () => ({ keys: [...known.values()].map(toJwk) }),
    sign(claims) {
      const text = `${header}.${base64url(JSON.stringify(claims))}`;
      return `${text}.${sign(hashOf(own.algorithm), Buffer.from(text), options(signer)).toString('base64url')}`;
    },
    verify(token) {
      const seen = verified.get(token);
      if (seen) return seen;
      const claims = checkSignature(token, known);
      if (!claims) return undefined;
      if (verified.size >= MAX_VERIFIED) verified.delete(verified.keys().next().value!);
      verified.set(token, claims);
      return claims;
    },
  };
}

function checkSignature(token: string, keys: ReadonlyMap<string, PublicKey>): TokenPayload | undefined {
  const [header, payload, signature, more] = token.split('.');
  if (!header || !payload || !signature || more !== undefined) return undefined;
  const { kid, alg } = parse(header) ?? {};
  const key = keys.get(kid);
  // The algorithm is the key's own, never the token's choice (RFC 8725, section 3.1).
  if (!key || key.algorithm !== alg) return undefined;
  const good = verify(
    hashOf(key.algorithm),
    Buffer.from(`${header}.${payload}`),
    options(key.key),
    Buffer.from(signature, 'base64url'),
  );
  return good ? parse(payload) : undefined;
}

/** JSON of an unverified token's part. */
export function parse(part: string): TokenPayload | undefined {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString());
    return value && typeof value === 'object' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function publicKeyOf(key: KeyObject): PublicKey {
  // Source: k8s.io/kubernetes/pkg/serviceaccount/jwt.go keyIDFromPublicKey.
  const kid = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { key, kid, algorithm: algorithmOf(key) };
}

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const algorithm = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }[curve];
  if (!algorithm) throw new Error(`unsupported ServiceAccount key: ${key.asymmetricKeyType} ${curve}`);
  return algorithm;
}

function hashOf(algorithm: string): string {
  return `sha${algorithm.slice(2)}`;
}

/** RFC 7518 section 3.4: an ECDSA signature is R and S side by side, not DER. */
function options(key: KeyObject) {
  return { key, dsaEncoding: 'ieee-p1363' as const };
}

function toJwk({ key, kid, algorithm }: PublicKey): Record<string, string> {
  const { kty, ...numbers } = key.export({ format: 'jwk' }) as Record<string, string>;
  return { use: 'sig', kty: kty!, kid, alg: algorithm, ...numbers };
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
