import { readFileSync } from 'node:fs';
import { Connection, type Endpoint } from '../http.ts';

/** One API server to be measured, with all processes that count towards its memory. */
export interface Target {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Starts everything; resolves when the processes are spawned, not when they are ready. */
  start(): Promise<void>;
  /** Processes whose memory counts. */
  pids(): readonly number[];
  /** Ends every process and removes what it wrote. */
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 60_000;

/** Milliseconds from now until /readyz answers 200, tried every 5 ms. */
export async function untilReady(endpoint: Endpoint): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < READY_LIMIT_MS) {
    const status = await probe(endpoint).catch(() => 0);
    if (status === 200) return performance.now() - begun;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('not ready after a minute');
}

async function probe(endpoint: Endpoint): Promise<number> {
  const connection = await Connection.open(endpoint);
  try {
    return (await connection.request('GET', '/readyz')).status;
  } finally {
    connection.close();
  }
}

/** Resident memory of the processes, in MiB: VmRSS of proc(5). */
export function residentMiB(pids: readonly number[]): number {
  const total = pids
    .map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0))
    .reduce((a, b) => a + b, 0);
  return Math.round(total / 1024);
}
