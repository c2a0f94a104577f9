import { createApiProxy } from '../../../lib/api-proxy/api-proxy.ts';
import type { ApiProxy, Pace } from '../../../lib/api-proxy/contract.ts';
import { bytesOf, lightResponse } from '../../../lib/runtime/light-response.ts';
import { settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';
import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

export interface Asked {
  method: string;
  url: string;
  authorization: string | null;
}

export interface HeldApi {
  server: TestApiserver;
  proxy: ApiProxy;
  /** What reached the apiserver. */
  asked: Asked[];
  /** Requests that the apiserver has not answered to the end. */
  readonly open: number;
  /** Answers instead of the apiserver while it is set. */
  instead: ((request: Request) => Response | Promise<Response>) | undefined;
  watch(path: string, headers?: Record<string, string>): Promise<HeldWatch>;
  /** Time goes by until nothing is left to do at this moment. */
  go(byMs?: number): Promise<void>;
}

export interface HeldWatch {
  response: Response;
  /** What has come so far, event by event. */
  events: any[];
  bytes: Buffer;
  ended: boolean;
  stop(): void;
}

/** A proxy before a real apiserver whose answers only pass whole, as through API Gateway. */
export async function heldApi(pace: Pace = { minMs: 1_000, maxMs: 4_000 }): Promise<HeldApi> {
  const server = await realApiserver();
  let open = 0;
  const asked: Asked[] = [];
  const upstream = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    asked.push({ method: request.method, url: pathname + search, authorization: request.headers.get('authorization') });
    open++;
    try {
      const response = api.instead ? await api.instead(request) : await server.apiserver.fetch(request);
      return lightResponse(response.status, Object.fromEntries(response.headers), await bytesOf(response));
    } finally {
      open--;
    }
  };
  const proxy = createApiProxy({
    upstream,
    tls: { cert: '', key: '' },
    pace,
    clock: server.clock,
    random: seededRandom(2),
    log: () => undefined,
  });
  const api: HeldApi = {
    server,
    proxy,
    asked,
    get open() {
      return open;
    },
    instead: undefined,
    async go(byMs = 0) {
      for (let i = 0; i < 10; i++) await server.clock.advance(0);
      if (byMs > 0) await server.clock.advance(byMs);
      for (let i = 0; i < 10; i++) await server.clock.advance(0);
    },
    watch: (path, headers = {}) => watch(api, path, headers),
  };
  return api;
}

async function watch(api: HeldApi, path: string, headers: Record<string, string>): Promise<HeldWatch> {
  const abort = new AbortController();
  const request = new Request(`http://proxy.test${path}`, { headers, signal: abort.signal });
  const answering = api.proxy.fetch(request);
  await api.go();
  const held: HeldWatch = {
    response: await answering,
    events: [],
    bytes: Buffer.alloc(0),
    ended: false,
    stop: () => abort.abort(),
  };
  void read(held);
  await settle();
  return held;
}

async function read(held: HeldWatch): Promise<void> {
  const json = (held.response.headers.get('content-type') ?? '').includes('json');
  for await (const chunk of held.response.body!) {
    held.bytes = Buffer.concat([held.bytes, chunk]);
    if (json)
      held.events = held.bytes
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
  }
  held.ended = true;
}
