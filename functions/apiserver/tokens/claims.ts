import type { Random } from '../../../lib/runtime/random.ts';
import { CREDENTIAL_ID, serviceAccountGroups, serviceAccountUsername } from '../authentication/identity.ts';
import type { UserInfo } from '../contract.ts';

/** The `kubernetes.io` claim. Source: k8s.io/kubernetes/pkg/serviceaccount/claims.go */
export interface KubernetesClaims {
  namespace: string;
  node?: Reference;
  pod?: Reference;
  secret?: Reference;
  serviceaccount: Reference;
  warnafter?: number;
}

export interface Reference {
  name: string;
  uid?: string;
}

export interface TokenClaims {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  'kubernetes.io': KubernetesClaims;
  nbf: number;
  sub: string;
}

export interface ClaimsRequest {
  issuer: string;
  audiences: string[];
  /** Seconds since the epoch. */
  now: number;
  expirationSeconds: number;
  kubernetes: KubernetesClaims;
}

export function makeClaims(request: ClaimsRequest, random: Random): TokenClaims {
  const { issuer, audiences, now, expirationSeconds, kubernetes } = request;
  return {
    aud: audiences,
    exp: now + expirationSeconds,
    iat: now,
    iss: issuer,
    jti: random.uuid(),
    'kubernetes.io': kubernetes,
    nbf: now,
    sub: serviceAccountUsername(kubernetes.namespace, kubernetes.serviceaccount.name),
  };
}

const EXTRA = 'authentication.kubernetes.io/';

/** Whom a valid token names. Source: k8s.io/apiserver/pkg/authentication/serviceaccount/util.go */
export function userOf(claims: TokenClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  const extra: Record<string, string[]> = {};
  if (claims.jti) extra[CREDENTIAL_ID] = [`JTI=${claims.jti}`];
  if (node) extra[`${EXTRA}node-name`] = [node.name];
  if (node?.uid) extra[`${EXTRA}node-uid`] = [node.uid];
  if (pod?.uid) {
    extra[`${EXTRA}pod-name`] = [pod.name];
    extra[`${EXTRA}pod-uid`] = [pod.uid];
  }
  return {
    username: serviceAccountUsername(namespace, serviceaccount.name),
    uid: serviceaccount.uid!,
    groups: serviceAccountGroups(namespace),
    extra,
  };
}
