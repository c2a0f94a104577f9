import { createHash } from 'node:crypto';
import type { AwsIdentity } from '../../../../lib/api/aws-principal.ts';
import type { Clock } from '../../../../lib/runtime/clock.ts';
import { TokenError } from '../service-account-token.ts';

const MAX_TOKENS = 10_000;
/** A client that tries the same wrong token again and again is not passed on to STS each time. */
const REFUSED_MS = 10_000;

interface Known {
  answer: Promise<AwsIdentity>;
  until: number;
}

/** What STS has said of a token, for as long as it holds; requests that come together ask once. Tokens are kept as hashes. */
export class KnownTokens {
  readonly #known = new Map<string, Known>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  identity(token: string, expiresAt: number, ask: () => Promise<AwsIdentity>): Promise<AwsIdentity> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(key);
    if (known && this.#clock.now() < known.until) return known.answer;
    const asked: Known = { answer: ask(), until: expiresAt };
    this.#known.delete(key);
    if (this.#known.size >= MAX_TOKENS) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, asked);
    asked.answer.catch((error) => {
      if (error instanceof TokenError) asked.until = this.#clock.now() + REFUSED_MS;
      else if (this.#known.get(key) === asked) this.#known.delete(key);
    });
    return asked.answer;
  }
}
