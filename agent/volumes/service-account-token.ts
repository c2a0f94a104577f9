import type { Pod } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { serviceAccounts } from '../../lib/client/resource-type.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { TokenRequest } from './sources.ts';

interface Issued {
  token: string;
  issuedAtMs: number;
  expiresAtMs: number;
  /** Spreads the renewals of tokens that were issued together. */
  jitterMs: number;
}

/** A token is renewed at 80 % of its life, or when it is a day old. Source: pkg/kubelet/token/token_manager.go. */
const RENEW_SHARE = 0.8;
const MAX_AGE_MS = 24 * 3600_000;
const MAX_JITTER_MS = 10_000;

/** Service account tokens bound to pods, kept until they must be renewed. */
export class TokenKeeper {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #issued = new Map<string, Issued>();

  constructor(client: Client, clock: Clock, random: Random) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
  }

  async token(pod: Pod, request: TokenRequest): Promise<string> {
    const key = keyOf(pod, request);
    const known = this.#issued.get(key);
    if (known && this.#clock.now() < renewAt(known)) return known.token;
    try {
      const issued = await this.#request(pod, request);
      this.#issued.set(key, issued);
      return issued.token;
    } catch (error) {
      // A token that still holds is better than none while the apiserver is away.
      if (known && this.#clock.now() < known.expiresAtMs) return known.token;
      throw error;
    }
  }

  /** When the first of the pod's tokens must be renewed. */
  renewAt(uid: string): number | undefined {
    const times = [...this.#issued].filter(([key]) => key.startsWith(`${uid}/`)).map(([, issued]) => renewAt(issued));
    return times.length ? Math.min(...times) : undefined;
  }

  forget(uid: string): void {
    for (const key of this.#issued.keys()) if (key.startsWith(`${uid}/`)) this.#issued.delete(key);
  }

  async #request(pod: Pod, { audience, expirationSeconds }: TokenRequest): Promise<Issued> {
    const { name, namespace, uid } = pod.metadata ?? {};
    const ref = { namespace, name: pod.spec?.serviceAccountName || 'default' };
    const answer = await this.#client.createSubresource(serviceAccounts, ref, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    });
    const { token, expirationTimestamp } = answer['status'] as { token: string; expirationTimestamp: string };
    const expiresAtMs = Date.parse(expirationTimestamp);
    return { token, issuedAtMs: this.#clock.now(), expiresAtMs, jitterMs: this.#random.next() * MAX_JITTER_MS };
  }
}

function keyOf(pod: Pod, { audience = '', expirationSeconds }: TokenRequest): string {
  return `${pod.metadata?.uid}/${pod.spec?.serviceAccountName}/${audience}/${expirationSeconds}`;
}

function renewAt({ issuedAtMs, expiresAtMs, jitterMs }: Issued): number {
  const life = expiresAtMs - issuedAtMs;
  return Math.min(issuedAtMs + life * RENEW_SHARE, issuedAtMs + MAX_AGE_MS) - jitterMs;
}
