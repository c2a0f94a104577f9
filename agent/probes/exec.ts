import { type Runtime, RuntimeError } from '../runtime-contract.ts';
import type { Outcome } from './run-probe.ts';

/** Source: pkg/probe/exec maxReadLength. */
const MAX_OUTPUT_BYTES = 10 * 1024;

export async function execProbe(
  runtime: Runtime,
  containerId: string,
  command: readonly string[],
  timeoutMs: number,
): Promise<Outcome> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(containerId, command, timeoutMs);
    const output = Buffer.concat([stdout, stderr]).subarray(0, MAX_OUTPUT_BYTES).toString('utf8');
    return { result: exitCode === 0 ? 'success' : 'failure', output };
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'DeadlineExceeded') throw error;
    return {
      result: 'failure',
      output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`,
    };
  }
}
