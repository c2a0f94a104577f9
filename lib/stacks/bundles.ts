import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Made by scripts/build-functions.ts. */
export const BUNDLES = join(import.meta.dirname, '../../dist/functions');

/** Made by scripts/build-agent.ts. */
export const AGENT_BUNDLE = join(import.meta.dirname, '../../dist/agent');

export function isBundled(part: string): boolean {
  return existsSync(join(BUNDLES, part));
}
