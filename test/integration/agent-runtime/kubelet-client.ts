import { get, type RequestOptions, request } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { TestNode } from './test-node.ts';

export interface Answer {
  status: number;
  text: string;
}

export function fetchText(node: TestNode, path: string, options: RequestOptions = {}): Promise<Answer> {
  const agent = node.agent('kube-apiserver-kubelet-client');
  return new Promise((resolve, reject) => {
    get(node.url(path), { agent, ...options }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    }).on('error', reject);
  });
}

/** What a command said, by channel, and when it was over. */
export class Session {
  readonly socket: WebSocket;
  readonly channels: string[] = ['', '', '', '', ''];
  readonly closed: Promise<void>;
  bytes = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (message: Buffer) => {
      const channel = message[0] ?? 0;
      this.bytes += message.length - 1;
      if (message.length < 100_000) this.channels[channel] += message.toString('utf8', 1);
      for (const check of this.#waiting) check();
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static open(node: TestNode, path: string, protocol: string): Promise<Session> {
    const agent = node.agent('kube-apiserver-kubelet-client');
    const socket = new WebSocket(node.url(path).replace('https', 'wss'), protocol, { agent, perMessageDeflate: false });
    const session = new Session(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(session));
      socket.once('error', reject);
    });
  }

  send(channel: number, bytes: string | Buffer): void {
    this.socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(bytes)]));
  }

  async until(channel: number, text: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = () => {
        if (this.channels[channel]?.includes(text)) resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** metav1.Status of the error channel. */
  get result(): { status: string; reason?: string; details?: { causes: { reason: string; message: string }[] } } {
    return JSON.parse(this.channels[3] ?? '');
  }
}

/** A WebSocket whose subprotocol is none that RFC 6455 allows, as kubectl's port-forward opens it. */
export async function tunnel(node: TestNode, path: string): Promise<WebSocket> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
  };
  const { socket, head, protocol } = await upgrade(node, path, 'GET', headers);
  if (protocol !== headers['sec-websocket-protocol']) throw new Error(`the server chose ${protocol}`);
  const client: WebSocket = new (WebSocket as any)(null, undefined, {});
  (client as any)._isServer = false;
  (client as any).setSocket(socket, head, { maxPayload: 1 << 26, allowSynchronousEvents: true });
  return client;
}

/** An upgrade to SPDY/3.1, as client-go's SPDY executor makes it. */
export function spdyUpgrade(node: TestNode, path: string, protocol: string): ReturnType<typeof upgrade> {
  return upgrade(node, path, 'POST', {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': protocol,
  });
}

function upgrade(
  node: TestNode,
  path: string,
  method: string,
  headers: Record<string, string>,
): Promise<{ socket: Duplex; head: Buffer; protocol: string | undefined }> {
  const agent = node.agent('kube-apiserver-kubelet-client');
  return new Promise((resolve, reject) => {
    const outgoing = request(node.url(path), { method, agent, headers });
    outgoing.once('upgrade', (response, socket, head) =>
      resolve({ socket, head, protocol: response.headers['sec-websocket-protocol'] }),
    );
    outgoing.once('response', (response) => reject(new Error(`status ${response.statusCode}`)));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
