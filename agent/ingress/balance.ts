import type { Endpoint, Upstream } from './upstream.ts';

/** How long an endpoint that refused is passed by, if there are others. */
const PASS_BY_MS = 2_000;
const MAX_REMEMBERED = 10_000;

/** Endpoints in turn, those that refused of late last. */
export class Balance {
  readonly #refusedUntil = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  pick(upstream: Upstream, tried: readonly Endpoint[] = []): Endpoint | undefined {
    const { endpoints } = upstream;
    if (endpoints.length === 0) return undefined;
    const start = upstream.next;
    upstream.next = (start + 1) % endpoints.length;
    if (this.#refusedUntil.size === 0 && tried.length === 0) return endpoints[start % endpoints.length];
    const inTurn = endpoints.map((_, i) => endpoints[(start + i) % endpoints.length]!);
    const untried = inTurn.filter((endpoint) => !tried.includes(endpoint));
    return untried.find((endpoint) => !this.#isRefusing(endpoint)) ?? untried[0];
  }

  refused({ host, port }: Endpoint): void {
    if (this.#refusedUntil.size >= MAX_REMEMBERED) this.#refusedUntil.clear();
    this.#refusedUntil.set(`${host}:${port}`, this.#now() + PASS_BY_MS);
  }

  #isRefusing({ host, port }: Endpoint): boolean {
    const key = `${host}:${port}`;
    const until = this.#refusedUntil.get(key);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#refusedUntil.delete(key);
    return false;
  }
}
