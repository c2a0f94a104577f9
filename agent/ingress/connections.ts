import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ResponseParser, type ResponseSink } from './response-parser.ts';
import type { Endpoint } from './upstream.ts';

/** What the request that a connection carries is told. */
export interface Exchange extends ResponseSink {
  /** The upstream takes more of the request's body. */
  drained(): void;
  failed(error: Error, connected: boolean): void;
}

const MAX_IDLE_PER_ENDPOINT = 64;
/** Servers often close after 60 s or 75 s: we first, so that no request meets a connection that ends. */
const IDLE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** A connection to an endpoint, carrying one request at a time. */
export class Connection {
  readonly socket: Socket;
  readonly key: string;
  /** Carried a request before: the server may have closed it meanwhile. */
  reused = false;
  connected = false;
  readonly #parser = new ResponseParser();
  readonly #pool: Connections;
  #exchange: Exchange | undefined;

  constructor(endpoint: Endpoint, key: string, secure: boolean, pool: Connections) {
    this.key = key;
    this.#pool = pool;
    const options = { host: endpoint.host, port: endpoint.port, noDelay: true };
    // As nginx' proxy_ssl_verify: certificates of pods are their own affair unless somebody says otherwise.
    this.socket = secure ? connectTls({ ...options, rejectUnauthorized: false }) : connectTcp(options);
    this.socket.setTimeout(CONNECT_TIMEOUT_MS);
    this.socket.once(secure ? 'secureConnect' : 'connect', () => {
      this.connected = true;
      this.#exchange?.drained();
    });
    this.socket.on('data', (chunk) => this.#received(chunk));
    this.socket.on('drain', () => this.#exchange?.drained());
    this.socket.on('timeout', () => this.#fail(new Error('timeout')));
    this.socket.on('error', (error) => this.#fail(error));
    this.socket.on('end', () => this.#ended());
    this.socket.on('close', () => this.#ended());
  }

  begin(exchange: Exchange, method: string, timeoutMs: number): void {
    this.#exchange = exchange;
    this.#parser.expect(exchange, method);
    if (this.connected) this.socket.setTimeout(timeoutMs);
    else this.socket.once('connect', () => this.socket.setTimeout(timeoutMs));
  }

  /** The answer is whole: for the next one, or to be closed. */
  release(reusable: boolean): void {
    this.#exchange = undefined;
    if (!reusable) return void this.socket.destroy();
    this.reused = true;
    this.socket.setTimeout(IDLE_MS);
    this.#pool.give(this);
  }

  abandon(): void {
    this.#exchange = undefined;
    this.socket.destroy();
  }

  #received(chunk: Buffer): void {
    if (!this.#exchange) return void this.socket.destroy();
    try {
      this.#parser.execute(chunk);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #ended(): void {
    if (this.#exchange && !this.#parser.done && !this.#parser.close()) this.#fail(new Error('closed'));
    this.#pool.forget(this);
    if (!this.#exchange) this.socket.destroy();
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#pool.forget(this);
    this.socket.destroy();
    exchange?.failed(error, this.connected);
  }
}

/** Idle connections by endpoint, the last used first. */
export class Connections {
  readonly #idle = new Map<string, Connection[]>();

  take(endpoint: Endpoint, secure: boolean): Connection {
    const key = `${secure ? 'https' : 'http'}://${endpoint.host}:${endpoint.port}`;
    return this.#idle.get(key)?.pop() ?? new Connection(endpoint, key, secure, this);
  }

  give(connection: Connection): void {
    const idle = this.#idle.get(connection.key);
    if (!idle) this.#idle.set(connection.key, [connection]);
    else if (idle.length < MAX_IDLE_PER_ENDPOINT) idle.push(connection);
    else connection.socket.destroy();
  }

  forget(connection: Connection): void {
    const idle = this.#idle.get(connection.key);
    const at = idle?.indexOf(connection) ?? -1;
    if (at < 0 || !idle) return;
    idle.splice(at, 1);
    if (idle.length === 0) this.#idle.delete(connection.key);
  }

  close(): void {
    for (const idle of this.#idle.values()) for (const connection of [...idle]) connection.socket.destroy();
  }
}
