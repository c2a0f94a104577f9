import { isDeepStrictEqual } from 'node:util';
import { isReason } from '../../lib/api/status.ts';
import type { Pod, PodStatus } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { pods } from '../../lib/client/resource-type.ts';
import { type Clock, delay } from '../../lib/runtime/clock.ts';
import { type Backoff, backoffMs } from '../../lib/runtime/queue.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { Log } from '../context.ts';
import { statusPatch } from './status-patch.ts';

const RETRY: Backoff = { baseMs: 200, maxMs: 10_000, jitter: 0.5 };

/** The same patch is not sent again sooner: two writers that disagree must not keep each other busy. */
const REPEAT_MS = 1000;

interface Entry {
  /** As the API has it, as far as we know. */
  pod: Pod;
  wanted: PodStatus;
  /** The patch before, and when: the same again shows that somebody undoes it. */
  last?: { body: object; atMs: number } | undefined;
  writing?: Promise<void> | undefined;
}

export interface StatusWriterOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  /** The API now has this. */
  written: (pod: Pod) => void;
}

export interface PodStatusWriter {
  set(pod: Pod, wanted: PodStatus): void;
  /** Resolves when the API has what was last set. */
  flush(uid: string): Promise<void>;
  forget(uid: string): void;
}

/** Brings pods' statuses to the API: the newest at once, one request at a time for each pod, nothing that it has already. */
export class StatusWriter implements PodStatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  set(pod: Pod, wanted: PodStatus): void {
    const uid = pod.metadata!.uid!;
    const entry = this.#entries.get(uid) ?? { pod, wanted };
    entry.pod = pod;
    entry.wanted = wanted;
    this.#entries.set(uid, entry);
    entry.writing ??= this.#write(uid, entry);
  }

  async flush(uid: string): Promise<void> {
    await this.#entries.get(uid)?.writing;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  async #write(uid: string, entry: Entry): Promise<void> {
    const { signal, clock, random } = this.#options;
    for (let failures = 0; !signal.aborted && this.#entries.get(uid) === entry; ) {
      const wanted = entry.wanted;
      const result = await this.#once(entry);
      if (result === 'failed') await delay(clock, backoffMs(failures++, random, RETRY), signal);
      else if (entry.wanted === wanted) break;
    }
    entry.writing = undefined;
  }

  async #once(entry: Entry): Promise<'done' | 'failed'> {
    const { client, log, written, clock } = this.#options;
    const body = statusPatch(entry.pod, entry.wanted);
    if (!body || (isDeepStrictEqual(body, entry.last?.body) && clock.now() - entry.last!.atMs < REPEAT_MS))
      return 'done';
    entry.last = { body, atMs: clock.now() };
    const { namespace, name } = entry.pod.metadata!;
    try {
      const patch = { type: 'strategic', body } as const;
      entry.pod = await client.patch(pods, { namespace, name: name! }, patch, { subresource: 'status' });
      written(entry.pod);
      return 'done';
    } catch (error) {
      // The pod is gone, or another has its name: there is nothing to tell.
      if (isReason(error, 'NotFound', 'Conflict')) return 'done';
      entry.last = undefined;
      log('cannot write the status of a pod', { pod: `${namespace}/${name}`, error });
      return isReason(error, 'Invalid', 'Forbidden') ? 'done' : 'failed';
    }
  }
}
