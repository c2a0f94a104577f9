import { join } from 'node:path';

/** Made by scripts/build-functions.ts and scripts/build-agent.ts. */
export const DIST = join(import.meta.dirname, '../../dist');

export function functionBundle(dist: string, part: string): string {
  return join(dist, 'functions', part);
}

export function agentBundle(dist: string): string {
  return join(dist, 'agent');
}
