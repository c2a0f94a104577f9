import { arch, cpus, totalmem } from 'node:os';

/** What the figures were made on. */
export function machine(): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${arch()}`;
}
