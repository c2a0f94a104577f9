import { TokenError } from '../service-account-token.ts';

/** The token of EKS: a presigned GetCallerIdentity. Source: aws-iam-authenticator, pkg/token. */
export const PREFIX = 'k8s-aws-v1.';
const MAX_TOKEN_BYTES = 4_096;
/** STS takes a presigned request for this long after its date, whatever it says of itself. */
export const VALID_MS = 15 * 60_000;
const MAX_EXPIRES_SECONDS = 900;
/** Signed into the request, so that it is good for one cluster only. */
export const CLUSTER_HEADER = 'x-k8s-aws-id';

const PARAMETERS = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
  'x-amz-user-agent',
]);

/** Global, regional, FIPS and dual-stack endpoints of every partition. Source: the AWS General Reference, "AWS Security Token Service endpoints and quotas". */
const STS_HOST =
  /^sts(?:\.amazonaws\.com|(?:-fips)?\.[a-z]{2,4}(?:-[a-z]+)+-\d\.(?:amazonaws\.com(?:\.cn)?|api\.aws))$/;

export interface SignedRequest {
  url: URL;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Of whom it is, as far as it says so itself. */
  accessKeyId: string;
}

/**
 * Takes a token apart and refuses whatever is not exactly a request to STS for the caller's identity.
 * `endpoint`: another STS that tokens may name, LocalStack's.
 */
export function signedRequest(token: string, now: number, endpoint?: URL): SignedRequest {
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) throw refused('token is too large');
  const url = urlOf(token.slice(PREFIX.length));
  checkHost(url, endpoint);
  const parameters = parametersOf(url);
  if (parameters.get('action') !== 'GetCallerIdentity') throw refused('unexpected action parameter in pre-signed URL');
  const signed = (parameters.get('x-amz-signedheaders') ?? '').toLowerCase().split(';');
  if (!signed.includes(CLUSTER_HEADER))
    throw refused(`client did not sign the ${CLUSTER_HEADER} header in the pre-signed URL`);
  if (!signed.includes('host')) throw refused('client did not sign the host header in the pre-signed URL');
  checkExpires(parameters.get('x-amz-expires') ?? '');
  const expiresAt = dateOf(parameters.get('x-amz-date') ?? '') + VALID_MS;
  if (now > expiresAt) throw refused('X-Amz-Date parameter is expired (15 minute expiration)');
  return { url, expiresAt, accessKeyId: (parameters.get('x-amz-credential') ?? '').split('/')[0]! };
}

function refused(why: string): TokenError {
  return new TokenError(`input token was not properly formatted: ${why}`);
}

function urlOf(encoded: string): URL {
  // Buffer takes any text for base64: what is not must not be read as something else.
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) throw refused('it is no base64url');
  const text = Buffer.from(encoded, 'base64url').toString();
  if (!URL.canParse(text)) throw refused('it holds no URL');
  return new URL(text);
}

function checkHost(url: URL, endpoint: URL | undefined): void {
  const own = endpoint && url.origin === endpoint.origin;
  if (!own && url.protocol !== 'https:')
    throw refused(`unexpected scheme ${JSON.stringify(url.protocol)} in pre-signed URL`);
  if (!own && (!STS_HOST.test(url.hostname) || url.port))
    throw refused(`unexpected hostname ${JSON.stringify(url.host)} in pre-signed URL`);
  if (url.username || url.password || url.hash) throw refused('unexpected parts in pre-signed URL');
  if (url.pathname !== '/') throw refused('unexpected path in pre-signed URL');
}

/** By lower-case name; each once. */
function parametersOf(url: URL): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase();
    if (!PARAMETERS.has(key)) throw refused(`non-whitelisted query parameter ${JSON.stringify(name)}`);
    if (found.has(key)) throw refused('query parameter with multiple values not supported');
    found.set(key, value);
  }
  return found;
}

function checkExpires(text: string): void {
  if (!/^\d+$/.test(text)) throw refused(`invalid X-Amz-Expires parameter in pre-signed URL: ${JSON.stringify(text)}`);
  if (Number(text) > MAX_EXPIRES_SECONDS)
    throw refused(`invalid X-Amz-Expires parameter in pre-signed URL: ${Number(text)}`);
}

/** `20261125T130000Z` */
function dateOf(text: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  const date = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (parts.length === 0 || Number.isNaN(date))
    throw refused(`error parsing X-Amz-Date parameter ${JSON.stringify(text)} into format 20060102T150405Z`);
  return date;
}
