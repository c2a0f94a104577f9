import { connect } from 'node:net';
import type { Outcome } from './run-probe.ts';

/** Healthy if it accepts a connection. */
export function tcpProbe(host: string, port: number, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (outcome: Outcome) => {
      socket.destroy();
      resolve(outcome);
    };
    const failed = (why: string) => end({ result: 'failure', output: `dial tcp ${host}:${port}: ${why}` });
    socket.once('connect', () => end({ result: 'success', output: '' }));
    socket.once('timeout', () => failed('i/o timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      failed(error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message),
    );
  });
}
