import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendStream } from '../../../../functions/apiserver/http/stream.ts';

const parts = ['one\n', '', 'x'.repeat(300_000), 'two\n'].map((text) => Buffer.from(text));
let server: Server;
let ended: Promise<void>;

async function* content() {
  yield* parts;
}

beforeEach(async () => {
  server = createServer((_message, reply) => {
    reply.writeHead(200, { 'content-type': 'text/plain' });
    ended = sendStream(reply, content());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function open(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => get({ port, host: '127.0.0.1', agent: false }, resolve).on('error', reject));
}

test('all chunks arrive, in order, and the end', async () => {
  const chunks: Buffer[] = [];
  for await (const chunk of await open()) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(Buffer.concat(parts))).toBe(true);
});

test('a client that goes away ends the stream', async () => {
  (await open()).destroy();
  await ended;
});
