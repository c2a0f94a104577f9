import { createHash } from 'node:crypto';
import type { KubeObject } from '../api/object.ts';
import { isReason } from '../api/status.ts';
import type { Event, ObjectReference } from '../api/types.ts';
import { type Clock, timestamp } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Client } from './client.ts';
import { events } from './resource-type.ts';

/** Writes Events about objects, in the background: a lost Event is not an error. */
export interface EventRecorder {
  normal(object: KubeObject | ObjectReference, reason: string, message: string): void;
  warning(object: KubeObject | ObjectReference, reason: string, message: string): void;
  /** Resolves when what was recorded so far is written: before a Lambda freezes, in tests. */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  /** `kubelet`, `default-scheduler`, `deployment-controller`. */
  component: string;
  /** The node, for a node's agent. */
  host?: string;
  clock: Clock;
  random: Random;
}

/** Repetitions that are remembered, to raise their count instead of writing a new Event. As client-go's correlator. */
const MAX_REMEMBERED = 4096;
/** After this long without a repetition a new Event is begun, as client-go does (10 minutes). */
const SIMILAR_MS = 600_000;
/** Events waiting to be written; beyond it new ones are dropped. */
const MAX_PENDING = 1000;
/** Requests under way at once: few, so that events never hold up the work they tell of. */
const MAX_IN_FLIGHT = 4;

interface Remembered {
  name: string;
  count: number;
  lastMs: number;
  /** What was last written of it: a repetition must not overtake the Event. Never rejects. */
  written: Promise<unknown>;
}

export function createRecorder(client: Client, options: RecorderOptions): EventRecorder {
  return new Recorder(client, options);
}

class Recorder implements EventRecorder {
  readonly #client: Client;
  readonly #options: RecorderOptions;
  readonly #remembered = new Map<string, Remembered>();
  readonly #pending: Event[] = [];
  #inFlight = 0;
  #idle: (() => void)[] = [];

  constructor(client: Client, options: RecorderOptions) {
    this.#client = client;
    this.#options = options;
  }

  normal(object: KubeObject | ObjectReference, reason: string, message: string): void {
    this.#record(object, 'Normal', reason, message);
  }

  warning(object: KubeObject | ObjectReference, reason: string, message: string): void {
    this.#record(object, 'Warning', reason, message);
  }

  flush(): Promise<void> {
    if (this.#inFlight === 0 && this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #record(object: KubeObject | ObjectReference, type: string, reason: string, message: string): void {
    if (this.#pending.length >= MAX_PENDING) return;
    this.#pending.push(buildEvent(referenceTo(object), type, reason, message, this.#options));
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < MAX_IN_FLIGHT && this.#pending.length > 0) {
      this.#inFlight++;
      void this.#write(this.#pending.shift()!).finally(() => {
        this.#inFlight--;
        this.#pump();
      });
    }
    if (this.#inFlight > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #write(event: Event): Promise<void> {
    const key = similarity(event);
    const now = this.#options.clock.now();
    const similar = this.#remembered.get(key);
    try {
      if (similar && now - similar.lastMs < SIMILAR_MS && (await this.#repeat(event, similar))) return;
      const creation = this.#client.create(events, event);
      const written = creation.catch(() => undefined);
      this.#remember(key, { name: event.metadata.name!, count: 1, lastMs: now, written });
      await creation;
    } catch {
      // Best effort by contract: the namespace is going away, or the server is; neither may disturb the work the event tells of.
    }
  }

  /** False if the Event has expired meanwhile. */
  async #repeat(event: Event, similar: Remembered): Promise<boolean> {
    similar.count++;
    similar.lastMs = this.#options.clock.now();
    const body = { count: similar.count, lastTimestamp: event.lastTimestamp };
    const ref = { namespace: event.metadata.namespace, name: similar.name };
    const patched = similar.written.then(() => this.#client.patch(events, ref, { type: 'merge', body }));
    similar.written = patched.catch(() => undefined);
    try {
      await patched;
      return true;
    } catch (error) {
      if (isReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  #remember(key: string, entry: Remembered): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, entry);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }
}

/** What an Event is about. */
export function referenceTo(object: KubeObject | ObjectReference): ObjectReference {
  const { metadata } = object as KubeObject;
  if (!metadata) return object as ObjectReference;
  return {
    kind: object.kind,
    apiVersion: object.apiVersion,
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
  };
}

function buildEvent(about: ObjectReference, type: string, reason: string, message: string, o: RecorderOptions): Event {
  const now = timestamp(o.clock);
  // client-go's name: the object's and the time in nanoseconds, of which a millisecond clock leaves six digits to chance.
  const nanoseconds = BigInt(Math.floor(o.clock.now())) * 1_000_000n + BigInt(Math.floor(o.random.next() * 1_000_000));
  return {
    metadata: { namespace: about.namespace ?? 'default', name: `${about.name}.${nanoseconds.toString(16)}` },
    involvedObject: about,
    type,
    reason,
    message,
    source: { component: o.component, ...(o.host ? { host: o.host } : {}) },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    reportingComponent: o.component,
    reportingInstance: o.host ?? '',
  };
}

function similarity(event: Event): string {
  const { uid, name, fieldPath } = event.involvedObject;
  const parts = [uid, name, fieldPath, event.type, event.reason, event.message];
  return createHash('sha1').update(parts.join('\0')).digest('base64');
}
