// The guestbook's web tier: keeps entries in Redis, says which replica answered. Node runs this file as it is.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';

const redisHost = process.env['DATABASE_HOST'] ?? 'redis';
const redisPort = Number(process.env['DATABASE_PORT'] ?? 6379);
const password = process.env['DATABASE_PASSWORD'] ?? '';
const title = process.env['GUESTBOOK_TITLE'] ?? 'Guestbook';
const version = process.env['GUESTBOOK_VERSION'] ?? '1';
const MAX_ENTRY_BYTES = 1024;

let link: Promise<Socket> | undefined;
let waiting: { resolve(reply: unknown): void; reject(error: Error): void }[] = [];

/** One connection to Redis, made again when it breaks. Commands and replies follow RESP, the Redis serialization protocol. */
function redis(...command: string[]): Promise<unknown> {
  link ??= open();
  return link.then(
    (socket) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        socket.write(encode(command));
      }),
  );
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(redisPort, redisHost);
    let buffer = Buffer.alloc(0);
    socket.setTimeout(5000, () => socket.destroy(new Error('Redis does not answer')));
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      for (let parsed = parse(buffer, 0); parsed; parsed = parse(buffer, 0)) {
        buffer = buffer.subarray(parsed.next);
        const caller = waiting.shift();
        if (parsed.value instanceof Error) caller?.reject(parsed.value);
        else caller?.resolve(parsed.value);
      }
    });
    const broken = (error?: Error) => {
      link = undefined;
      const lost = waiting;
      waiting = [];
      const why = error ?? new Error('Redis closed the connection');
      for (const caller of lost) caller.reject(why);
      reject(why);
    };
    socket.on('error', broken);
    socket.on('close', () => broken());
    socket.on('connect', () => {
      if (!password) return resolve(socket);
      waiting.push({ resolve: () => resolve(socket), reject });
      socket.write(encode(['AUTH', password]));
    });
  });
}

function encode(command: string[]): string {
  return `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}

function parse(bytes: Buffer, at: number): { value: unknown; next: number } | undefined {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const line = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (bytes[at]) {
    case 0x2b: // +
      return { value: line, next };
    case 0x2d: // -
      return { value: new Error(line), next };
    case 0x3a: // :
      return { value: Number(line), next };
    case 0x24: {
      // $
      const length = Number(line);
      if (length < 0) return { value: undefined, next };
      if (bytes.length < next + length + 2) return undefined;
      return { value: bytes.toString('utf8', next, next + length), next: next + length + 2 };
    }
    default: {
      // *
      const items: unknown[] = [];
      let position = next;
      for (let count = Number(line); count > 0; count--) {
        const item = parse(bytes, position);
        if (!item) return undefined;
        items.push(item.value);
        position = item.next;
      }
      return { value: items, next: position };
    }
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > MAX_ENTRY_BYTES) throw new Error('an entry holds at most 1024 bytes');
  }
  return body;
}

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://guestbook');
  response.setHeader('x-replica', hostname());
  response.setHeader('x-version', version);
  if (pathname === '/healthz') return void response.end(`${await redis('PING')}\n`);
  if (pathname === '/entries' && request.method === 'POST') {
    await redis('RPUSH', 'entries', await readBody(request));
    return void response.writeHead(201).end('saved\n');
  }
  const entries = (await redis('LRANGE', 'entries', '-100', '-1')) as string[];
  if (pathname === '/entries')
    return void response.setHeader('content-type', 'application/json').end(JSON.stringify(entries));
  if (pathname !== '/') return void response.writeHead(404).end('not found\n');
  const list = entries.map((entry) => `<li>${escapeHtml(entry)}</li>`).join('');
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(
    `<!doctype html><title>${escapeHtml(title)}</title><h1>${escapeHtml(title)}</h1><ul>${list}</ul><p>version ${version}, answered by ${hostname()}</p>\n`,
  );
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: Error) => {
    if (!response.headersSent) response.writeHead(503);
    response.end(`${error.message}\n`);
  });
});
server.listen(8080, () => console.log(`guestbook ${version} listens on 8080`));

// Kubernetes takes the pod out of its Services while it ends: answer what is under way, close idle connections, then go.
process.on('SIGTERM', () => {
  console.log('ending');
  server.close(() => process.exit(0));
  setTimeout(() => server.closeIdleConnections(), 1000);
});
