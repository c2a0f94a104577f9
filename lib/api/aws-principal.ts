/** Who AWS says that somebody is: what GetCallerIdentity answers, taken apart. */
export interface AwsIdentity {
  arn: string;
  /** The role behind an assumed role; otherwise the ARN itself. What access is granted to. */
  principal: string;
  account: string;
  /** `AIDA…` of a user, `AROA…` of a role: unlike the name it is never used again. */
  userId: string;
  /** Of an assumed role, as whoever assumed it named it; '' without one. An EC2 instance's is its instance id. */
  sessionName: string;
}

const ARN = /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(.+)$/;

/**
 * `arn:aws:sts::1:assumed-role/NAME/SESSION` and `arn:aws:iam::1:role/PATH/NAME` → `arn:aws:iam::1:role/NAME`: sessions do not tell their
 * role's path, and a name is unique in its account. Users, federated users and the account's root stand for themselves. undefined: no principal's ARN.
 * Source: aws-iam-authenticator pkg/arn.
 */
export function canonicalPrincipal(text: string): string | undefined {
  const [, partition, service, account, resource] = ARN.exec(text) ?? [];
  if (!resource) return undefined;
  const [kind, ...path] = resource.split('/');
  const name = path.at(-1);
  if (service === 'sts' && kind === 'assumed-role') {
    return path.length === 2 && path[0] && name ? `arn:${partition}:iam::${account}:role/${path[0]}` : undefined;
  }
  if (service === 'sts') return kind === 'federated-user' && name ? text : undefined;
  if (kind === 'role') return name ? `arn:${partition}:iam::${account}:role/${name}` : undefined;
  if (kind === 'user') return name ? text : undefined;
  return resource === 'root' ? text : undefined;
}

export function isRole(principal: string): boolean {
  return /^arn:[^:]+:iam::\d+:role\//.test(principal);
}

/** The session's name, which for a role session stands after the role's. */
export function sessionNameOf(arn: string): string {
  return /^arn:[^:]+:sts::\d+:assumed-role\/[^/]+\/(.+)$/.exec(arn)?.[1] ?? '';
}
