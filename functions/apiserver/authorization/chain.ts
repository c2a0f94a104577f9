import type { Authorizer, Decision } from '../contract.ts';

export interface NamedAuthorizer {
  /** Stands before its reason in a refusal: `node: no relationship found …`. */
  readonly name: string;
  readonly authorize: Authorizer;
}

/** Asked in order; the first that allows decides. Source: k8s.io/apiserver/pkg/authorization/union/union.go */
export function authorizerChain(authorizers: readonly NamedAuthorizer[]): Authorizer {
  return async (attributes) => {
    const reasons: string[] = [];
    for (const { name, authorize } of authorizers) {
      const decision = await authorize(attributes);
      if (decision.allowed) return decision;
      if (decision.reason) reasons.push(`${name}: ${decision.reason}`);
    }
    return reasons.length ? { allowed: false, reason: reasons.join('\n') } : REFUSED;
  };
}

/** Members of system:masters may do everything: the way into a cluster whose roles are broken. */
export const privileged: Authorizer = ({ user }) => (user.groups.includes('system:masters') ? ALLOWED : REFUSED);

const ALLOWED: Decision = { allowed: true };
const REFUSED: Decision = { allowed: false };
