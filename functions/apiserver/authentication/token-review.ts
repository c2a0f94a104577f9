import { badRequest } from '../../../lib/api/status.ts';
import type { TokenReview } from '../../../lib/api/types.ts';
import type { VirtualCreate } from '../dependencies.ts';
import { authenticateToken } from './authenticator.ts';
import type { TokenAuthenticator } from './service-account-token.ts';

/** Asks who a token names. Source: k8s.io/kubernetes/pkg/registry/authentication/tokenreview/storage.go */
export function tokenReviews(tokens: readonly TokenAuthenticator[], audiences: readonly string[]): VirtualCreate {
  return async (object) => {
    const { token, audiences: wanted } = (object as TokenReview).spec ?? {};
    if (!token) throw badRequest('token is required for TokenReview in authentication');
    const answer = await authenticateToken(tokens, token, wanted?.length ? wanted : audiences);
    if ('error' in answer) return { ...object, status: { user: {}, error: answer.error } };
    return { ...object, status: { authenticated: true, user: answer.user, audiences: answer.audiences } };
  };
}
