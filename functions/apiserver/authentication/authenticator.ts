import type { Authenticator, Connection, UserInfo } from '../contract.ts';
import { certificateUser } from './client-certificate.ts';
import { AUTHENTICATED, anonymous, withGroup } from './identity.ts';
import { type TokenAnswer, type TokenAuthenticator, TokenError } from './service-account-token.ts';

/**
 * Who asks: an in-process caller, else the client certificate, else the bearer token, else nobody (system:anonymous).
 * A certificate or token that does not hold is refused (undefined: 401), it does not fall back to anonymous; a token that holds counts
 * beside such a certificate. Source: k8s.io/apiserver/pkg/authentication/request/union, NewFailOnError before anonymous.
 */
export function authenticator(tokens: readonly TokenAuthenticator[], audiences: readonly string[]): Authenticator {
  return async (request, connection) => {
    const known = connection?.user ?? certified(connection);
    if (known) return known;
    const token = bearerToken(request);
    if (token === undefined) return connection?.refusedCertificate ? undefined : anonymous;
    const answer = await authenticateToken(tokens, token, audiences);
    return 'user' in answer ? answer.user : undefined;
  };
}

function certified(connection: Connection | undefined): UserInfo | undefined {
  const user = certificateUser(connection);
  return user && withGroup(user, AUTHENTICATED);
}

const PROTOCOL_PREFIX = 'base64url.bearer.authorization.k8s.io.';

/** From `Authorization: Bearer`, or from the WebSocket subprotocol a browser must use instead. */
export function bearerToken(request: Request): string | undefined {
  const [scheme, token] = (request.headers.get('authorization') ?? '').trim().split(/ +/);
  if (scheme?.toLowerCase() === 'bearer' && token) return token;
  const protocols = request.headers.get('sec-websocket-protocol')?.split(',') ?? [];
  const carrier = protocols.map((name) => name.trim()).find((name) => name.startsWith(PROTOCOL_PREFIX));
  return carrier && Buffer.from(carrier.slice(PROTOCOL_PREFIX.length), 'base64url').toString();
}

/** The first authenticator that knows the token; or why none took it, in kube-apiserver's words. */
export async function authenticateToken(
  tokens: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<TokenAnswer | { error: string }> {
  for (const authenticate of tokens) {
    try {
      const answer = await authenticate(token, audiences);
      if (answer) return { ...answer, user: withGroup(answer.user, AUTHENTICATED) };
    } catch (error) {
      if (error instanceof TokenError) return { error: `[invalid bearer token, ${error.message}]` };
      throw error;
    }
  }
  return { error: 'invalid bearer token' };
}
