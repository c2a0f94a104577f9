/** `samples` in milliseconds; p between 0 and 1. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

export interface Timed {
  p50: number;
  p99: number;
  perSecond: number;
}

/** Runs `count` operations from `clients` at once; each client is given by `open`, each operation gets its number. */
export async function timed<C>(
  clients: readonly C[],
  count: number,
  operation: (client: C, index: number) => Promise<void>,
): Promise<Timed> {
  const samples: number[] = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let index = next++; index < count; index = next++) {
        const start = performance.now();
        await operation(client, index);
        samples.push(performance.now() - start);
      }
    }),
  );
  return {
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    perSecond: (count * 1000) / (performance.now() - begun),
  };
}
