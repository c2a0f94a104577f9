import { type Clock, delay } from '../runtime/clock.ts';
import { bytesOf } from '../runtime/light-response.ts';
import { type Backoff, backoffMs } from '../runtime/queue.ts';
import type { Random } from '../runtime/random.ts';
import type { Transport } from './client.ts';

/** Fewer than client-go's ten: whoever asks is level-triggered, and has more to do meanwhile. */
const MAX_RETRIES = 4;
/** Where the server says nothing; spread, as whoever was refused together must not come back together. */
const UNTOLD: Backoff = { baseMs: 250, maxMs: 2000, jitter: 1 };
const MAX_TOLD_MS = 60_000;

/** Asks again what was refused for being too much: 429, and 503 with a Retry-After, were not carried out. Source: client-go rest.withRetry. */
export function patient(transport: Transport, { clock, random }: { clock: Clock; random: Random }): Transport {
  return async (request) => {
    for (let retries = 0; ; retries++) {
      const response = await transport(request);
      const waitMs = retries < MAX_RETRIES ? retryAfterMs(response, retries, random) : undefined;
      if (waitMs === undefined || request.signal.aborted) return response;
      // Its connection is free again once it was read.
      await bytesOf(response).catch(() => undefined);
      await delay(clock, waitMs, request.signal);
    }
  };
}

/** Undefined: it is an answer. */
function retryAfterMs({ status, headers }: Response, retries: number, random: Random): number | undefined {
  const told = Number(headers.get('retry-after') ?? Number.NaN) * 1000;
  if (status === 429 || (status === 503 && !Number.isNaN(told)))
    return Number.isNaN(told)
      ? backoffMs(retries, random, UNTOLD)
      : Math.min(told, MAX_TOLD_MS) * (1 + random.next() / 2);
  return undefined;
}
