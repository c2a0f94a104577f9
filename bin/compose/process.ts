import { flushCompileCache } from 'node:module';
import type { Log } from '../../lib/runtime/log.ts';

const HOLD_MS = 3_600_000;

/** `shutdown`: the node goes down with its agent, not the agent alone. */
export type Stop = (why: 'stop' | 'shutdown') => Promise<void>;

/**
 * Runs a daemon until SIGTERM or SIGINT; then stops it in order. A second signal ends it at once.
 * SIGPWR is what init gives when the machine goes down (signal(7)).
 */
export function runUntilTold(log: Log, start: () => Promise<Stop>): void {
  // A fault in one request or reconcile must not end all others: it is told of, and level-triggered work is tried again.
  process.on('unhandledRejection', (error) => log('an unhandled failure', { error }));
  process.on('uncaughtException', (error) => log('an unhandled failure', { error }));
  // The clock's timers keep no process alive; a daemon that only waits must go on.
  setInterval(() => undefined, HOLD_MS);
  const started = start();
  started.then(
    () => {
      log('started', { pid: process.pid, ms: Math.round(performance.now()) });
      // Otherwise it is written when the process ends in order, and one that is killed would start slowly again.
      flushCompileCache();
    },
    (error) => exitWith(1, log, 'could not start', error),
  );
  let told = false;
  const stop = async (why: 'stop' | 'shutdown') => {
    if (told) process.exit(1);
    told = true;
    log('stopping');
    await (await started)(why);
    log('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGPWR'] as const) {
    const why = signal === 'SIGPWR' ? 'shutdown' : 'stop';
    process.on(signal, () => void stop(why).catch((error) => exitWith(1, log, 'could not stop in order', error)));
  }
}

function exitWith(code: number, log: Log, message: string, error: unknown): never {
  log(message, { error });
  process.exit(code);
}
