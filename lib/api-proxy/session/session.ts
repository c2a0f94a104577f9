import {
  END_HEADER,
  MAX_SESSION_MESSAGE_BYTES,
  OFFSET_HEADER,
  SESSION_HEADER,
  SESSION_ID_HEADER,
  type SessionOpened,
  type SessionRequest,
  type SessionVerb,
  WAIT_HEADER,
} from '../../api/extensions.ts';
import type { Transport } from '../../client/client.ts';
import { type Clock, delay } from '../../runtime/clock.ts';
import { bytesOf, type HeaderValues, lightRequest } from '../../runtime/light-response.ts';
import { backoffMs } from '../../runtime/queue.ts';
import type { Random } from '../../runtime/random.ts';

export interface SessionContext {
  upstream: Transport;
  clock: Clock;
  random: Random;
}

/** What is asked for: the method says what it is authorized as (POST: create, for exec and its like; GET: a log). */
export interface SessionTarget {
  method: 'GET' | 'POST';
  url: string;
  /** Of the client's request: who asks. */
  headers: HeaderValues;
}

/** A connection that lives at a node's agent. Messages carry their offset, so that one whose answer was lost is sent again. */
export interface Session {
  /** Bytes to the agent; `end`: nothing follows. Rejects once the session is lost. */
  send(bytes: Uint8Array, end: boolean): Promise<void>;
  /** What the agent says, until it has said everything. Rejects once the session is lost. */
  received(): AsyncGenerator<Uint8Array, void, void>;
  close(): Promise<void>;
}

/** API Gateway gives up after 29 s. */
const WAIT_SECONDS = 20;
const RETRY = { baseMs: 200, maxMs: 3_000, jitter: 0.5 };
/** The agent keeps a session that nobody asks for about a minute. */
const MAX_RETRIES = 12;

/** Opens a session, or answers what the apiserver refused. */
export async function openSession(
  context: SessionContext,
  target: SessionTarget,
  upgrade: SessionRequest | undefined,
  signal: AbortSignal,
): Promise<Session | Response> {
  const content = upgrade && Buffer.from(JSON.stringify(upgrade));
  const response = await context.upstream(message(target, 'open', upgrade ? JSON_TYPE : {}, content, signal));
  if (response.status !== 201) return response;
  const { node, id } = (await response.json()) as SessionOpened;
  return new RemoteSession(context, target, `${node}/${id}`, signal);
}

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

export function isSession(opened: Session | Response): opened is Session {
  return 'received' in opened;
}

class RemoteSession implements Session {
  readonly #context: SessionContext;
  readonly #target: SessionTarget;
  readonly #id: string;
  readonly #signal: AbortSignal;
  #sent = 0;

  constructor(context: SessionContext, target: SessionTarget, id: string, signal: AbortSignal) {
    this.#context = context;
    this.#target = target;
    this.#id = id;
    this.#signal = signal;
  }

  async send(bytes: Uint8Array, end: boolean): Promise<void> {
    let at = 0;
    do {
      const part = bytes.subarray(at, at + MAX_SESSION_MESSAGE_BYTES);
      at += part.byteLength;
      const last = end && at >= bytes.byteLength;
      await this.#ask('send', { ...BYTES_TYPE, [OFFSET_HEADER]: String(this.#sent), [END_HEADER]: String(last) }, part);
      this.#sent += part.byteLength;
    } while (at < bytes.byteLength);
  }

  async *received(): AsyncGenerator<Uint8Array, void, void> {
    for (let offset = 0; !this.#signal.aborted; ) {
      const { headers, bytes } = await this.#ask('receive', {
        // API Gateway gives bytes only to those who ask for them. Source: "Content type conversions in API Gateway".
        accept: 'application/octet-stream',
        [OFFSET_HEADER]: String(offset),
        [WAIT_HEADER]: String(WAIT_SECONDS),
      });
      offset += bytes.byteLength;
      if (bytes.byteLength > 0) yield bytes;
      if (headers.get(END_HEADER) === 'true') return;
    }
  }

  async close(): Promise<void> {
    const closing = message(this.#target, 'close', this.#headers(), undefined, new AbortController().signal);
    await answerOf(this.#context.upstream, closing);
  }

  #headers(): HeaderValues {
    return { [SESSION_ID_HEADER]: this.#id };
  }

  /** Until it is answered: overload and lost answers are no end of the session. */
  async #ask(verb: SessionVerb, headers: HeaderValues, content?: Uint8Array): Promise<Answer> {
    const { upstream, clock, random } = this.#context;
    for (let failures = 0, waits = 0; ; waits++) {
      const asked = message(this.#target, verb, { ...this.#headers(), ...headers }, content, this.#signal);
      const answer = await answerOf(upstream, asked).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status < 300) return answer;
      this.#signal.throwIfAborted();
      // Whoever does not read its input, or a gateway that throttles, is waited for as long as the client waits.
      const busy = !(answer instanceof Error) && answer.status === 429;
      const mayPass = busy || answer instanceof Error || answer.status >= 500;
      if (!busy) failures++;
      if (!mayPass || failures > MAX_RETRIES) throw answer instanceof Error ? answer : new SessionLost(answer);
      await delay(clock, backoffMs(waits, random, RETRY), this.#signal);
    }
  }
}

interface Answer {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
}

/** Read to its end, whether or not anything in it matters: until then its connection is taken, and keeps the process going. */
async function answerOf(upstream: Transport, request: Request): Promise<Answer> {
  const response = await upstream(request);
  return { status: response.status, headers: response.headers, bytes: await bytesOf(response) };
}

/** The session is no longer there, or its owner may no longer use it. */
export class SessionLost extends Error {
  constructor({ status }: Answer) {
    super(`the session ended: the apiserver answered ${status}`);
    this.name = 'SessionLost';
  }
}

function message(
  { method, url, headers }: SessionTarget,
  verb: SessionVerb,
  more: HeaderValues,
  content: Uint8Array | undefined,
  signal: AbortSignal,
): Request {
  const all = { ...headers, ...more, [SESSION_HEADER]: verb };
  // What is asked for was said when the session was opened; who asks, and for which pod, is checked each time.
  const target = verb === 'open' ? url : url.replace(/\?.*/, '');
  return lightRequest({ method, url: target, headers: all, ...(content && { content }), signal });
}
