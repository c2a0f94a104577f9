import { timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../../lib/api/types.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import type { Reader } from '../reader.ts';
import type { TokenAuthenticator } from './service-account-token.ts';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const DEFAULT_GROUP = 'system:bootstrappers';
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** `ID.SECRET` of a secret kube-system/bootstrap-token-ID. Source: plugin/pkg/auth/authenticator/token/bootstrap. */
export function bootstrapTokens(reader: Reader, clock: Clock): TokenAuthenticator {
  return async (token, audiences) => {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (!id || !secret) return undefined;
    const stored = await reader.get<Secret>('secrets', `bootstrap-token-${id}`, 'kube-system');
    if (!stored || stored.metadata.deletionTimestamp || stored.type !== 'bootstrap.kubernetes.io/token')
      return undefined;
    if (!sameSecret(value(stored, 'token-secret'), secret) || value(stored, 'token-id') !== id) return undefined;
    if (isExpired(value(stored, 'expiration'), clock.now())) return undefined;
    if (value(stored, 'usage-bootstrap-authentication') !== 'true') return undefined;
    const groups = groupsOf(value(stored, 'auth-extra-groups'));
    return groups && { user: { username: `system:bootstrap:${id}`, groups }, audiences: [...audiences] };
  };
}

function value(secret: { data?: Record<string, string> | undefined }, key: string): string {
  return Buffer.from(secret.data?.[key] ?? '', 'base64').toString();
}

function sameSecret(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

function isExpired(expiration: string, now: number): boolean {
  if (!expiration) return false;
  const time = Date.parse(expiration);
  return Number.isNaN(time) || time <= now;
}

/** Undefined: a group that is none of system:bootstrappers'. */
function groupsOf(extra: string): string[] | undefined {
  const groups = extra.split(',').filter(Boolean);
  if (!groups.every((group) => EXTRA_GROUP.test(group))) return undefined;
  return [...new Set([DEFAULT_GROUP, ...groups])].sort();
}
