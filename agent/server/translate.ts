import type { WebSocket } from 'ws';
import { SpdyConnection } from './spdy/connection.ts';
import { upgrade } from './upgrade.ts';

/** Which streams the client asked for. */
export interface StreamOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** Channels of v5.channel.k8s.io: the first byte of every message. Source: KEP-4006; apimachinery's remotecommand constants. */
const CHANNELS = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
type StreamType = keyof typeof CHANNELS;
/** The message [255, N] ends the stream of channel N: what v4 could not say. */
const CLOSE_CHANNEL = 255;

const NORMAL_CLOSURE = 1000;
/** Waiting output beyond this stops the reading from the runtime. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Bridges a client's WebSocket v5 to the runtime's SPDY/3.1: one stream a channel. Resolves once both are joined. */
export async function translate(url: string, options: StreamOptions, accept: () => Promise<WebSocket>): Promise<void> {
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
  const upgraded = await upgrade(url, 'POST', headers);
  const client = await accept();
  new Translation(client, options, (events) => new SpdyConnection(upgraded.socket, upgraded.head, events));
}

type Connect = (events: ConstructorParameters<typeof SpdyConnection>[2]) => SpdyConnection;

class Translation {
  readonly #client: WebSocket;
  readonly #spdy: SpdyConnection;
  /** Stream id ↔ channel. */
  readonly #channelOf = new Map<number, number>();
  readonly #streamOf = new Map<number, number>();
  readonly #ended = new Set<number>();

  constructor(client: WebSocket, options: StreamOptions, connect: Connect) {
    this.#client = client;
    this.#spdy = connect({
      data: (stream, bytes) => this.#toClient(stream, bytes),
      end: (stream) => this.#streamEnded(stream),
      close: () => this.#finish(),
    });
    for (const type of streamTypes(options)) {
      const stream = this.#spdy.open({ streamtype: type });
      this.#channelOf.set(stream, CHANNELS[type]);
      this.#streamOf.set(CHANNELS[type], stream);
    }
    client.on('message', (message: Buffer) => this.#toRuntime(message));
    client.on('error', () => client.terminate());
    client.once('close', () => this.#spdy.close());
  }

  #toClient(stream: number, bytes: Buffer): void {
    const channel = this.#channelOf.get(stream);
    if (channel === undefined || this.#client.readyState !== this.#client.OPEN) return;
    const message = Buffer.allocUnsafe(bytes.length + 1);
    message[0] = channel;
    bytes.copy(message, 1);
    this.#client.send(message, { binary: true }, () => {
      if (this.#client.bufferedAmount < MAX_BUFFERED_BYTES) this.#spdy.resume();
    });
    if (this.#client.bufferedAmount > MAX_BUFFERED_BYTES) this.#spdy.pause();
  }

  #toRuntime(message: Buffer): void {
    const [channel] = message;
    if (channel === CLOSE_CHANNEL) this.#closeChannel(message[1]);
    const stream = channel === undefined ? undefined : this.#streamOf.get(channel);
    if (stream === undefined || this.#ended.has(stream)) return;
    if (this.#spdy.write(stream, message.subarray(1))) return;
    this.#client.pause();
    this.#spdy.onceDrained(() => this.#client.resume());
  }

  #closeChannel(channel: number | undefined): void {
    const stream = channel === undefined ? undefined : this.#streamOf.get(channel);
    if (stream !== undefined) this.#spdy.end(stream);
  }

  /** Over when the runtime has nothing more to say: its result on the error stream, and all output. */
  #streamEnded(stream: number): void {
    this.#ended.add(stream);
    const outputs = [CHANNELS.error, CHANNELS.stdout, CHANNELS.stderr].map((channel) => this.#streamOf.get(channel));
    if (outputs.every((output) => output === undefined || this.#ended.has(output))) this.#finish();
  }

  #finish(): void {
    this.#client.close(NORMAL_CLOSURE);
    this.#spdy.close();
  }
}

/** The error stream comes first, so that the runtime can always tell how it ended; a terminal has no stderr of its own. */
function streamTypes({ stdin, stdout, stderr, tty }: StreamOptions): StreamType[] {
  const types: StreamType[] = ['error'];
  if (stdin) types.push('stdin');
  if (stdout) types.push('stdout');
  if (stderr && !tty) types.push('stderr');
  if (tty) types.push('resize');
  return types;
}
