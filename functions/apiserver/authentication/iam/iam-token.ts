import {
  ACCESS_NAMESPACE,
  accessEntryName,
  accessEntryOf,
  defaultUsername,
  usernameFor,
} from '../../../../lib/api/access-entry.ts';
import { type AwsIdentity, canonicalPrincipal } from '../../../../lib/api/aws-principal.ts';
import type { ConfigMap } from '../../../../lib/api/types.ts';
import type { Clock } from '../../../../lib/runtime/clock.ts';
import type { UserInfo } from '../../contract.ts';
import type { Reader } from '../../reader.ts';
import { type TokenAuthenticator, TokenError } from '../service-account-token.ts';
import { KnownTokens } from './known-tokens.ts';
import { PREFIX, signedRequest } from './signed-request.ts';
import { askSts, type HttpGet } from './sts.ts';

export interface IamOptions {
  /** Signed into tokens (`x-k8s-aws-id`), so that they are good for this cluster only. */
  clusterName: string;
  /** ARNs of principals that are system:masters, whatever the cluster holds. */
  admins: readonly string[];
  /** ARN of the role of the cluster's instances: only EC2 may be trusted to assume it, as then a session's name is the instance's id. */
  nodeRole?: string | undefined;
  httpGet: HttpGet;
  /** Where STS is asked instead of where the token says: LocalStack. */
  stsEndpoint?: string | undefined;
}

/** Tokens by which AWS says who somebody is, as EKS takes them; a principal that nothing is granted to is nobody. */
export function iamTokens(
  options: IamOptions,
  { reader, clock, audiences }: { reader: Reader; clock: Clock; audiences: readonly string[] },
): TokenAuthenticator {
  const known = new KnownTokens(clock);
  const endpoint = options.stsEndpoint ? new URL(options.stsEndpoint) : undefined;
  const principals = principalsOf(options);
  return async (token, wanted) => {
    if (!token.startsWith(PREFIX)) return undefined;
    const shared = audiences.filter((audience) => wanted.includes(audience));
    if (shared.length === 0) throw new TokenError('the token is for the API server only');
    const { url, expiresAt, accessKeyId } = signedRequest(token, clock.now(), endpoint);
    const asked = endpoint ? new URL(url.search, endpoint) : url;
    const identity = await known.identity(token, expiresAt, () => askSts(options.httpGet, asked, options.clusterName));
    const user = await userOf(identity, principals, reader);
    return { user: { ...user, ...details(identity, accessKeyId) }, audiences: shared };
  };
}

interface Principals {
  admins: ReadonlySet<string>;
  nodeRole: string | undefined;
}

function principalsOf({ admins, nodeRole }: IamOptions): Principals {
  const canonical = (arn: string) => {
    const principal = canonicalPrincipal(arn);
    if (!principal) throw new Error(`${arn} is no ARN of an IAM user or role`);
    return principal;
  };
  return { admins: new Set(admins.map(canonical)), nodeRole: nodeRole && canonical(nodeRole) };
}

async function userOf(identity: AwsIdentity, { admins, nodeRole }: Principals, reader: Reader): Promise<UserInfo> {
  const { principal } = identity;
  if (principal === nodeRole) return nodeUser(identity);
  if (admins.has(principal)) {
    const username = usernameFor({ principal, username: defaultUsername(principal), groups: [] }, identity);
    return { username, groups: ['system:masters'] };
  }
  const object = await reader.get<ConfigMap>('configmaps', accessEntryName(principal), ACCESS_NAMESPACE);
  const entry = object && !object.metadata.deletionTimestamp ? accessEntryOf(object) : undefined;
  if (!entry) throw new TokenError('Identity is not mapped');
  return { username: usernameFor(entry, identity), groups: entry.groups };
}

const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/** An instance's credentials carry its id as session name, which nobody else may choose as long as only EC2 may assume the role. */
function nodeUser({ sessionName }: AwsIdentity): UserInfo {
  if (!INSTANCE_ID.test(sessionName)) throw new TokenError('a session of the nodes’ role that is no instance’s');
  return { username: `system:node:${sessionName}`, groups: ['system:bootstrappers', 'system:nodes'] };
}

/** As EKS's webhook tells them. */
function details(identity: AwsIdentity, accessKeyId: string): Pick<UserInfo, 'uid' | 'extra'> {
  const { account, userId, arn, principal, sessionName } = identity;
  return {
    uid: `aws-iam-authenticator:${account}:${userId}`,
    extra: {
      accessKeyId: [accessKeyId],
      arn: [arn],
      canonicalArn: [principal],
      principalId: [userId],
      sessionName: [sessionName],
    },
  };
}
