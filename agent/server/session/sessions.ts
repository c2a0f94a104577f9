import { type Clock, delay, type Timer } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import { HttpError } from '../http-error.ts';
import { type Output, VirtualSocket } from './virtual-socket.ts';

/** A session that nobody has asked for is over: its client went away without a word. */
const IDLE_MS = 60_000;
/** Of the whole node; each may hold a few megabytes. */
const MAX_SESSIONS = 256;
const MAX_WAIT_MS = 25_000;

/** Whose session it is, and of what: checked with each message. */
export interface SessionKey {
  /** The user, as the apiserver authenticated it. */
  owner: string;
  /** `exec/NAMESPACE/POD` */
  subject: string;
}

interface Entry extends SessionKey {
  socket: VirtualSocket;
  idle: Timer;
}

/** Connections that outlive the requests that carry them. */
export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A session's id, and the connection of which the node holds the other end. */
  open(key: SessionKey): { id: string; socket: VirtualSocket } {
    if (this.#entries.size >= MAX_SESSIONS) throw new HttpError(429, 'too many sessions on this node');
    const id = this.#random.uuid();
    const socket = new VirtualSocket();
    // Whoever is joined to it hears of its close.
    socket.on('error', () => socket.destroy());
    this.#entries.set(id, { ...key, socket, idle: this.#idleTimer(id) });
    return { id, socket };
  }

  /** Takes input; 409 if some before it is missing. */
  send(id: string, key: SessionKey, offset: number, bytes: Buffer, end: boolean): void {
    const { socket } = this.#used(id, key);
    // A client that went on writing to a command that has ended is told so by the output's end.
    if (socket.destroyed) return;
    if (socket.full) throw new HttpError(429, 'the session has more input than it reads');
    if (!socket.takeInput(offset, bytes, end)) throw new HttpError(409, `bytes before ${offset} are missing`);
  }

  /** Output from this offset on, as soon as there is some; nothing after `waitMs`. 410 if it is no longer kept. */
  async receive(id: string, key: SessionKey, offset: number, limit: number, waitMs: number): Promise<Output> {
    const { socket } = this.#used(id, key);
    const fetch = () => {
      const output = socket.outputFrom(offset, limit);
      if (!output) throw new HttpError(410, `bytes from ${offset} on are no longer kept`);
      return output;
    };
    const output = fetch();
    if (output.bytes.byteLength > 0 || output.end || waitMs <= 0) return output;
    await this.#output(socket, Math.min(waitMs, MAX_WAIT_MS));
    this.#touch(id);
    return fetch();
  }

  close(id: string, key: SessionKey): void {
    this.#end(id, this.#used(id, key));
  }

  closeAll(): void {
    for (const [id, entry] of [...this.#entries]) this.#end(id, entry);
  }

  /** Somebody else's session is not there. */
  #used(id: string, { owner, subject }: SessionKey): Entry {
    const entry = this.#entries.get(id);
    if (!entry || entry.owner !== owner || entry.subject !== subject) throw new HttpError(404, 'no such session');
    this.#touch(id);
    return entry;
  }

  #touch(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.idle.cancel();
    entry.idle = this.#idleTimer(id);
  }

  #idleTimer(id: string): Timer {
    return this.#clock.schedule(IDLE_MS, () => {
      const entry = this.#entries.get(id);
      if (entry) this.#end(id, entry);
    });
  }

  #end(id: string, { idle, socket }: Entry): void {
    idle.cancel();
    this.#entries.delete(id);
    socket.destroy();
  }

  async #output(socket: VirtualSocket, waitMs: number): Promise<void> {
    const woken = new AbortController();
    const cancel = socket.onOutput(() => woken.abort());
    await delay(this.#clock, waitMs, woken.signal);
    cancel();
  }
}
