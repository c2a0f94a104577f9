import { execFile } from 'node:child_process';
import { ClusterError } from '../error.ts';

/** Runs a program; its failure says what was tried and what it answered. */
export function run(command: readonly string[], input?: string): Promise<string> {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = execFile(file!, args, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const what = stderr.trim() || error.message;
      reject(new ClusterError(`${command.join(' ')}: ${what}${input ? `\n${input}` : ''}`, 1, { cause: error }));
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}

/** Several `ip` commands at once, on the host or in a network namespace. */
export async function ipBatch(lines: readonly string[], netns?: string): Promise<void> {
  if (lines.length > 0) await run(['ip', ...(netns ? ['-n', netns] : []), '-batch', '-'], `${lines.join('\n')}\n`);
}

export async function ipJson(...args: string[]): Promise<any[]> {
  const text = await run(['ip', '-json', ...args]);
  return text.trim() ? JSON.parse(text) : [];
}
