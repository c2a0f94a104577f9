import { flushCompileCache } from 'node:module';
import type { Log } from '../../lib/runtime/log.ts';

const HOLD_MS = 3_600_000;

/** Runs a daemon until SIGTERM or SIGINT; then stops it in order. A second signal ends it at once. */
export function runUntilTold(log: Log, start: () => Promise<() => Promise<void>>): void {
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
  const stop = async () => {
    if (told) process.exit(1);
    told = true;
    log('stopping');
    await (await started)();
    log('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void stop().catch((error) => exitWith(1, log, 'could not stop in order', error)));
  }
}

function exitWith(code: number, log: Log, message: string, error: unknown): never {
  log(message, { error });
  process.exit(code);
}
