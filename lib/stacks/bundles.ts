import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Made by scripts/build-functions.ts. */
export const BUNDLES = join(import.meta.dirname, '../../dist/functions');

export function isBundled(part: string): boolean {
  return existsSync(join(BUNDLES, part));
}
