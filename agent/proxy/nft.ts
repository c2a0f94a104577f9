import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Runs a program with this on its standard input; rejects with what it says when it fails. */
export async function runWithInput(program: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A program that ends early closes its input; its exit code says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${errors.trim() || `exit code ${code}`}`);
  return output;
}

/** Applies a script as one transaction, in this process's network namespace. */
export async function nft(script: string): Promise<void> {
  if (script !== '') await runWithInput('nft', ['-f', '-'], script);
}
