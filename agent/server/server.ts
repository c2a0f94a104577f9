import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Pod } from '../../lib/api/types.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { Log } from '../context.ts';
import type { Runtime } from '../runtime-contract.ts';
import { authenticate } from './authentication.ts';
import { failureOf } from './failure.ts';
import { handle } from './routes.ts';
import { Sessions } from './session/sessions.ts';
import { cpuRates } from './stats/cpu.ts';
import type { CpuRates } from './stats/rates.ts';
import { connect } from './streaming.ts';
import { refuse } from './upgrade.ts';

/** What the handlers work with. */
export interface ServerContext {
  nodeName: string;
  /** This node's pods, as the API has them. */
  pods: { list(): readonly Pod[]; get(key: string): Pod | undefined };
  runtime: Runtime;
  clock: Clock;
  log: Log;
  rates: CpuRates;
  /** Connections that are carried in requests. */
  sessions: Sessions;
  /** Is the agent at work? */
  healthy(): boolean;
  /** The configuration that /configz shows. */
  config: object;
}

export interface ServerOptions extends Omit<ServerContext, 'rates' | 'sessions'> {
  random: Random;
  /** PEM files: the serving certificate, and the authority that client certificates must come from. */
  certFile: string;
  keyFile: string;
  clientCaFile: string;
  address: string;
  port: number;
}

export interface AgentServer {
  readonly port: number;
  /** New connections are shown this certificate. */
  setCertificate(pair: { certificate: string; key: string }): void;
  close(): Promise<void>;
}

/** kubelet's HTTPS server: logs, exec, attach, port-forward and what the node knows of itself. HTTP/1.1, as exec needs upgrades. */
export async function startServer(options: ServerOptions): Promise<AgentServer> {
  const [cert, key, ca] = await Promise.all([options.certFile, options.keyFile, options.clientCaFile].map(read));
  // Certificates are judged by us, so that a refusal is an answer and not a broken connection.
  const rates = cpuRates(options);
  const context: ServerContext = { ...options, rates, sessions: new Sessions(options.clock, options.random) };
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' });
  server.on('request', (request, response) => answer(context, request, response));
  server.on('upgrade', (request, socket, head) => answerUpgrade(context, request, socket, head));
  server.on('tlsClientError', (_, socket) => socket.destroy());
  // A followed log or a watched exec lasts as long as its client wants.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  rates.start();
  return {
    port: (server.address() as AddressInfo).port,
    setCertificate: (pair) => server.setSecureContext({ cert: pair.certificate, key: pair.key, ca }),
    close: () =>
      new Promise((resolve) => {
        rates.stop();
        context.sessions.closeAll();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const read = (file: string) => readFile(file, 'utf8');

async function answer(context: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    authenticate(request.socket as TLSSocket, request);
    await handle(context, request, response);
  } catch (error) {
    const { status, message } = failureOf(context, error, request);
    if (response.headersSent) response.destroy();
    else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(message);
  }
}

async function answerUpgrade(
  context: ServerContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  // A client that goes away is the streams' end, not a failure of the server.
  socket.on('error', () => socket.destroy());
  (socket as TLSSocket).setNoDelay(true);
  try {
    authenticate(request.socket as TLSSocket, request);
    await connect(context, request, socket, head);
  } catch (error) {
    const { status, message } = failureOf(context, error, request);
    refuse(socket, status, message);
  }
}
