import { createServer } from 'node:net';
import { ClusterError } from './error.ts';

/** How many ports after the default one are tried. */
const TRIES = 100;

/** The port asked for, which must be free, or the first free one from the default on. */
export async function choosePort(asked: number | undefined, preferred: number, flag = 'port'): Promise<number> {
  if (asked !== undefined) {
    if (await isPortFree(asked)) return asked;
    throw new ClusterError(`port ${asked} at 127.0.0.1 is in use: choose another one with --${flag}, or leave it out`);
  }
  for (let port = preferred; port < preferred + TRIES; port++) if (await isPortFree(port)) return port;
  throw new ClusterError(`no port from ${preferred} to ${preferred + TRIES - 1} is free: choose one with --${flag}`);
}

export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
