import type { WatchBatch, WatchOptions } from '../contract.ts';

/** A watch whose first step takes time: the type is loaded, the log read back. `open` is asked once; `closed` when nobody will ask for more. */
export function watching(
  { signal }: WatchOptions,
  open: () => Promise<AsyncIterator<WatchBatch, undefined>>,
  closed: () => void,
): AsyncIterator<WatchBatch, undefined> {
  let opened: Promise<AsyncIterator<WatchBatch, undefined>> | undefined;
  const end = () => {
    signal.removeEventListener('abort', end);
    closed();
  };
  signal.addEventListener('abort', end);
  return {
    async next() {
      try {
        if (signal.aborted && !opened) return { done: true, value: undefined };
        opened ??= open();
        const result = await (await opened).next();
        if (result.done) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    async return() {
      end();
      await (await opened?.catch(() => undefined))?.return?.();
      // What was still being opened is closed too.
      closed();
      return { done: true, value: undefined };
    },
  };
}
