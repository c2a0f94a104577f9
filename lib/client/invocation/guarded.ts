import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { StatusError } from '../../api/status.ts';
import { type Clock, delay } from '../../runtime/clock.ts';
import type { Transport } from '../client.ts';

/** What an invocation may still do: shared by all its clients. */
export interface Guard {
  wrap(transport: Transport): Transport;
  /**
   * What `work` begins may write until then: a process that was frozen meanwhile does not go on with what it had in mind, not even
   * when another invocation has begun in it.
   */
  during<T>(untilMs: number, work: () => Promise<T>): Promise<T>;
  /** Resolves when no request is under way, Events that are still being written included, or at this time. */
  quiet(untilMs: number): Promise<void>;
  /** Begun so far. */
  readonly writes: number;
}

const READS = ['GET', 'HEAD'];

export function createGuard(clock: Clock): Guard {
  const underWay = new Set<Promise<Response>>();
  const invocation = new AsyncLocalStorage<{ untilMs: number }>();
  let writes = 0;
  return {
    get writes() {
      return writes;
    },
    during: (untilMs, work) => invocation.run({ untilMs }, work),
    wrap: (transport) => async (request) => {
      if (!READS.includes(request.method)) {
        const { untilMs } = invocation.getStore() ?? ANY_TIME;
        if (clock.now() >= untilMs) throw tooLate();
        writes++;
      }
      const answer = transport(request);
      underWay.add(answer);
      try {
        return await answer;
      } finally {
        underWay.delete(answer);
      }
    },
    async quiet(untilMs) {
      const over = new AbortController();
      const late = delay(clock, Math.max(0, untilMs - clock.now()), over.signal);
      while (underWay.size > 0 && clock.now() < untilMs) {
        await Promise.race([Promise.allSettled(underWay), late]);
        // Who was answered may have more to say: a recorder writes its Events one after another.
        await setImmediate();
      }
      over.abort();
    },
  };
}

/** Outside of invocations, in tests. */
const ANY_TIME = { untilMs: Infinity };

function tooLate(): StatusError {
  return new StatusError(504, 'Timeout', 'the invocation is over: another one may be at work');
}
