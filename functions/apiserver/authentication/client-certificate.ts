import type { Connection, UserInfo } from '../contract.ts';
import { CREDENTIAL_ID } from './identity.ts';

/** CN is the user, each O a group. The transport has verified the chain against the cluster's CA. */
export function certificateUser(connection: Connection | undefined): UserInfo | undefined {
  const certificate = connection?.clientCertificate;
  if (!certificate?.commonName) return undefined;
  const user: UserInfo = { username: certificate.commonName, groups: certificate.organizations };
  if (certificate.sha256) user.extra = { [CREDENTIAL_ID]: [`X509SHA256=${certificate.sha256}`] };
  return user;
}
