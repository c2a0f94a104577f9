const HOLD_MS = 3_600_000;

/**
 * Keeps the process's event loop going until the work is done. The clock's timers do not, and Lambda ends an invocation as failed
 * when nothing is left in the loop, however long its promise is still pending.
 */
export async function awake<T>(work: () => Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, HOLD_MS);
  try {
    return await work();
  } finally {
    clearInterval(hold);
  }
}
