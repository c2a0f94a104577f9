import { createApiserver } from '../../functions/apiserver/apiserver.ts';
import type { Apiserver, UserInfo } from '../../functions/apiserver/contract.ts';
import type { Dependencies } from '../../functions/apiserver/dependencies.ts';
import { kindRules } from '../../functions/apiserver/kinds/index.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { openMemoryStore } from '../../lib/storage/embedded/open.ts';
import { type FakeClock, fakeClock } from './clock.ts';
import { seededRandom } from './random.ts';

export const ADMIN: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

export interface Answered {
  status: number;
  headers: Headers;
  body: any;
}

export interface TestApiserver {
  apiserver: Apiserver;
  store: Store;
  clock: FakeClock;
  /** `send('POST', path, object)`; bodies go as JSON unless they are text. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  /** The events of a watch as they come. */
  watch(path: string, headers?: Record<string, string>): Watching;
}

export interface Watching {
  next(): Promise<any>;
  stop(): void;
}

/** The apiserver over a memory store, everybody allowed everything. */
export async function realApiserver(overrides: Partial<Dependencies> = {}): Promise<TestApiserver> {
  const clock = fakeClock();
  const store = overrides.store ?? (await openMemoryStore({ clock }));
  const apiserver = createApiserver({
    store,
    authenticate: async () => ADMIN,
    authorize: () => ({ allowed: true }),
    admission: [],
    kinds: kindRules,
    clock,
    random: seededRandom(1),
    version: { major: '1', minor: '37', gitVersion: 'v1.37.2+zeroplane.test' } as Dependencies['version'],
    report: (error) => {
      throw error;
    },
    ...overrides,
  });
  const request = (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
    signal?: AbortSignal,
  ) =>
    apiserver.fetch(
      new Request(`http://apiserver.test${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal ? { signal } : {}),
      }),
    );
  return {
    apiserver,
    store,
    clock,
    async send(method, path, body, headers = {}) {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const response = await request(method, path, { ...(text === undefined ? {} : JSON_BODY), ...headers }, text);
      return { status: response.status, headers: response.headers, body: parsed(await response.text()) };
    },
    watch: (path, headers = {}) => {
      const abort = new AbortController();
      const events = lines(request('GET', path, headers, undefined, abort.signal));
      return {
        next: async () => (await events.next()).value,
        stop: () => abort.abort(),
      };
    },
  };
}

const JSON_BODY = { 'content-type': 'application/json' };

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function* lines(answer: Promise<Response>): AsyncGenerator<any> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of (await answer).body!) {
    rest += decoder.decode(chunk, { stream: true });
    const complete = rest.split('\n');
    rest = complete.pop()!;
    for (const line of complete) yield JSON.parse(line);
  }
}
