// A thin HTTP/1.1 client over one TLS connection each: the same for every target, and light enough that the server is what is measured.
import { connect, type TLSSocket } from 'node:tls';

export interface Endpoint {
  host: string;
  port: number;
  ca: string;
  cert: string;
  key: string;
}

export class Answer {
  readonly status: number;
  readonly #parts: Buffer[];

  constructor(status: number, parts: Buffer[]) {
    this.status = status;
    this.#parts = parts;
  }

  /** Joined when it is asked for: of most answers only the status is. */
  get body(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export interface RequestOptions {
  body?: string | Buffer;
  contentType?: string;
  accept?: string;
}

/** One keep-alive connection, one request at a time. */
export class Connection {
  readonly #socket: TLSSocket;
  readonly #host: string;
  #buffer: Buffer = Buffer.alloc(0);
  #onData: (() => void) | undefined;
  #error: Error | undefined;

  private constructor(socket: TLSSocket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, chunk]) : chunk;
      this.#onData?.();
    });
    const end = (error?: Error) => {
      this.#error = error ?? new Error('connection closed');
      this.#onData?.();
    };
    socket.on('error', end);
    socket.on('close', () => end());
  }

  static open({ host, port, ca, cert, key }: Endpoint): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        ca,
        cert,
        key,
        ALPNProtocols: ['http/1.1'],
        checkServerIdentity: () => undefined,
      });
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('secureConnect', () => resolve(new Connection(socket, `${host}:${port}`)));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    this.#send(method, path, options);
    const { status, headers } = await this.#head();
    const chunked = headers['transfer-encoding'] === 'chunked';
    const parts = chunked ? await this.#chunks() : await this.#takeParts(Number(headers['content-length'] ?? 0));
    return new Answer(status, parts);
  }

  /** Sends a watch and yields each event line as it arrives. */
  async *lines(path: string): AsyncGenerator<string> {
    this.#send('GET', path, {});
    const { status } = await this.#head();
    if (status !== 200) throw new Error(`watch answered ${status}`);
    let text = '';
    for (let chunk = await this.#chunk(); chunk.length; chunk = await this.#chunk()) {
      text += Buffer.concat(chunk).toString('utf8');
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        yield text.slice(0, end);
        text = text.slice(end + 1);
      }
    }
  }

  #send(
    method: string,
    path: string,
    { body, contentType = 'application/json', accept = 'application/json' }: RequestOptions,
  ): void {
    const entity =
      body === undefined ? '' : `content-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: ${accept}\r\n${entity}\r\n`;
    this.#socket.write(
      typeof body === 'string' || body === undefined ? head + (body ?? '') : Buffer.concat([Buffer.from(head), body]),
    );
  }

  async #head(): Promise<{ status: number; headers: Record<string, string> }> {
    const text = (await this.#until('\r\n\r\n')).toString('latin1');
    const headers: Record<string, string> = {};
    for (const line of text.split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    return { status: Number(text.slice(9, 12)), headers };
  }

  async #chunks(): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    for (let chunk = await this.#chunk(); chunk.length; chunk = await this.#chunk()) parts.push(...chunk);
    return parts;
  }

  /** Empty: the last. */
  async #chunk(): Promise<Buffer[]> {
    const size = Number.parseInt((await this.#until('\r\n')).toString('latin1'), 16);
    const chunk = await this.#takeParts(size);
    await this.#takeParts(2);
    return chunk;
  }

  async #until(mark: string): Promise<Buffer> {
    let at = this.#buffer.indexOf(mark);
    while (at < 0) {
      await this.#more();
      at = this.#buffer.indexOf(mark);
    }
    const taken = this.#buffer.subarray(0, at);
    this.#buffer = this.#buffer.subarray(at + mark.length);
    return taken;
  }

  /** As many bytes as are asked for, in the pieces they came in; none for 0. */
  async #takeParts(length: number): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      if (this.#buffer.length === 0) await this.#more();
      const part = this.#buffer.subarray(0, left);
      this.#buffer = this.#buffer.subarray(part.length);
      left -= part.length;
      parts.push(part);
    }
    return parts;
  }

  /** Waits until there are new bytes. */
  #more(): Promise<void> {
    if (this.#error) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#onData = () => {
        this.#onData = undefined;
        if (this.#error) reject(this.#error);
        else resolve();
      };
    });
  }
}
