import { type AwsIdentity, canonicalPrincipal, sessionNameOf } from '../../../../lib/api/aws-principal.ts';
import { StatusError } from '../../../../lib/api/status.ts';
import { TokenError } from '../service-account-token.ts';
import { CLUSTER_HEADER } from './signed-request.ts';

export interface StsAnswer {
  status: number;
  body: string;
}

/** Sends a GET and follows no redirect. Rejects when there is no answer. */
export type HttpGet = (url: URL, headers: Record<string, string>) => Promise<StsAnswer>;

/** Lets STS say who signed a request for this cluster. A request that STS refuses is a TokenError; an STS that cannot be asked is nobody's fault: 503. */
export async function askSts(get: HttpGet, url: URL, clusterName: string): Promise<AwsIdentity> {
  const headers = { [CLUSTER_HEADER]: clusterName, accept: 'application/json' };
  let answer: StsAnswer;
  try {
    answer = await get(url, headers);
  } catch (error) {
    throw unavailable('it cannot be reached', error);
  }
  const { status, body } = answer;
  if (status === 429 || status >= 500 || /Throttling|RequestLimitExceeded/.test(body))
    throw unavailable(`it answered ${status}`);
  if (status !== 200)
    throw new TokenError(`sts getCallerIdentity failed: error from AWS (expected 200, got ${status})`);
  const identity = identityOf(body);
  if (!identity) throw new TokenError('sts getCallerIdentity failed: its answer names no principal');
  return identity;
}

/** Seconds after which a client may ask again. */
const RETRY_AFTER_SECONDS = 1;

function unavailable(why: string, cause?: unknown): StatusError {
  const message = `AWS STS cannot say who this is: ${why}`;
  return new StatusError(503, 'ServiceUnavailable', message, { retryAfterSeconds: RETRY_AFTER_SECONDS }, { cause });
}

function identityOf(body: string): AwsIdentity | undefined {
  const { Arn: arn, Account: account, UserId: userId } = resultOf(body);
  const principal = arn && canonicalPrincipal(arn);
  if (!arn || !principal || !account || !userId || !arn.includes(`::${account}:`)) return undefined;
  return { arn, principal, account, userId: userId.split(':')[0]!, sessionName: sessionNameOf(arn) };
}

type Result = Partial<Record<'Arn' | 'Account' | 'UserId', string>>;

/** JSON, as asked for; emulators answer XML all the same. */
function resultOf(body: string): Result {
  if (body.trimStart().startsWith('{')) {
    const { GetCallerIdentityResponse: response } = parsed(body);
    return response?.GetCallerIdentityResult ?? {};
  }
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
  return { Arn: element('Arn'), Account: element('Account'), UserId: element('UserId') };
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
