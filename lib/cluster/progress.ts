import type { Clock } from '../runtime/clock.ts';

/** Tells the user what is done, step by step, with times. */
export interface Progress {
  /** Runs one step; the text says what was done once it is. */
  step<T>(label: string, work: () => Promise<T>): Promise<T>;
  say(text: string): void;
}

export function progressTo(write: (text: string) => void, clock: Clock): Progress {
  return {
    async step(label, work) {
      const start = clock.now();
      try {
        const result = await work();
        write(` ✓ ${label.padEnd(56)} ${seconds(clock.now() - start)}\n`);
        return result;
      } catch (error) {
        write(` ✗ ${label}\n`);
        throw error;
      }
    },
    say: (text) => write(`${text}\n`),
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
