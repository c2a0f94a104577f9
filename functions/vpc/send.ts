import { createHash } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ClientCredentials, VpcHead, VpcRequest } from './message.ts';
import type { Check } from './targets.ts';

/** Shorter than an idle function is frozen for: a connection that was frozen may be gone. */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface Received extends VpcHead {
  content: IncomingMessage;
}

export type Send = (asked: VpcRequest, signal: AbortSignal) => Promise<Received>;

/** Asks a node or pod. Follows no redirect: the apiserver's client decides about that. */
export function sender(check: Check): Send {
  const plain = new HttpAgent({ keepAlive: true, timeout: KEEP_ALIVE_MS });
  const pods = new HttpsAgent({ keepAlive: true, timeout: KEEP_ALIVE_MS, rejectUnauthorized: false });
  const nodes = agents();
  return async (asked, signal) => {
    const url = new URL(asked.url);
    const refused = check(url);
    if (refused) throw new Error(refused);
    if (url.protocol === 'http:' && asked.tls) throw new Error('credentials are for encrypted connections');
    const agent = asked.tls ? nodes(asked.tls) : url.protocol === 'https:' ? pods : plain;
    return request(asked, url, agent, signal);
  };
}

/** One agent for each set of credentials: there is one, until it is renewed. */
function agents(): (tls: ClientCredentials) => HttpsAgent {
  let known: { hash: string; agent: HttpsAgent } | undefined;
  return (tls) => {
    const hash = createHash('sha256').update(JSON.stringify(tls)).digest('base64');
    if (known?.hash !== hash) {
      known?.agent.destroy();
      const options: AgentOptions = { ...tls, keepAlive: true, timeout: KEEP_ALIVE_MS };
      known = { hash, agent: new HttpsAgent(options) };
    }
    return known.agent;
  };
}

function request(asked: VpcRequest, url: URL, agent: HttpAgent, signal: AbortSignal): Promise<Received> {
  const { method, headers } = asked;
  const body = asked.body === undefined ? undefined : Buffer.from(asked.body, 'base64');
  const length = body ? { 'content-length': String(body.byteLength) } : {};
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const out = start(url, { method, headers: { ...headers, ...length }, agent, signal });
    out.once('socket', (socket) => {
      if (!socket.connecting) return;
      // An address at which nobody is answers nothing at all.
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => out.destroy(new Error(`nobody answers at ${url.host}`)));
      socket.once('connect', () => socket.setTimeout(0));
    });
    out.once('response', (content) =>
      resolve({ status: content.statusCode ?? 502, headers: headersOf(content), content }),
    );
    out.once('error', reject);
    out.end(body);
  });
}

function headersOf({ headers }: IncomingMessage): VpcHead['headers'] {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
  );
}
