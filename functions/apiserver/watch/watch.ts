import { CATCH_UP, WATCH_HEADER } from '../../../lib/api/extensions.ts';
import { isReason, StatusError } from '../../../lib/api/status.ts';
import { type HeaderValues, lightResponse } from '../../../lib/runtime/light-response.ts';
import { type Change, type Item, StoreError, type WatchBatch } from '../../../lib/storage/contract.ts';
import { viewOf } from '../../../lib/storage/view.ts';
import { warningHeaders } from '../negotiation/respond.ts';
import type { Call } from '../registry/call.ts';
import { listItems } from '../registry/list.ts';
import { checkResourceVersion, type ListOptions, listOptions } from '../registry/list-options.ts';
import { keyOf, keyPrefix, type ResourceType } from '../registry/resource-table.ts';
import { storeFailure } from '../registry/store-failure.ts';
import { decodeFor, encodeStored } from '../registry/stored.ts';
import { type EventType, type Frames, framesFor } from './frames.ts';
import { type Selection, selectionOf } from './selection.ts';

/** kube-apiserver's --min-request-timeout: a watch without timeoutSeconds ends after this to twice this. */
const MIN_TIMEOUT_SECONDS = 1_800;
/** How often an idle watch tells how far it is. Source: bookmarkFrequency of k8s.io/apiserver storage/cacher. */
const BOOKMARK_MS = 60_000;
const BOOKMARK_BEFORE_END_MS = 2_000;
/** Events joined into one write. */
const MAX_CHUNK_EVENTS = 256;

export async function watch(call: Call): Promise<Response> {
  const options = listOptions(call);
  const frames = framesFor(call);
  // A store that is told of others' writes after a while has to ask: nobody waits here until it hears of them.
  if (isCatchUp(call)) await viewOf(call.server.store).revision(`${call.type.storage}/`);
  const start = await startOf(call, options);
  const headers: HeaderValues = { 'content-type': frames.contentType, 'cache-control': 'no-cache, private' };
  if (call.warnings.length) headers['warning'] = warningHeaders(call.warnings);
  return lightResponse(200, headers, stream(call, options, frames, start));
}

interface Start {
  /** Shown as ADDED first. */
  items: readonly Item[];
  /** Changes after this follow. */
  from: number;
  /** A bookmark says where the initial events end. Source: KEP-3157. */
  announceEnd: boolean;
}

/** Without a resourceVersion, or at 0, a watch begins with what there is. */
async function startOf(call: Call, options: ListOptions): Promise<Start> {
  const { resourceVersion, sendInitialEvents } = options;
  const wanted = resourceVersion ? checkResourceVersion(resourceVersion) : 0;
  if (sendInitialEvents === false && wanted === 0) {
    return { items: [], from: await viewOf(call.server.store).revision(`${call.type.storage}/`), announceEnd: false };
  }
  if (wanted > 0 && !sendInitialEvents) return { items: [], from: wanted, announceEnd: false };
  const found = await listItems(call, { ...options, limit: 0, continue: '', match: '' });
  const announceEnd = Boolean(sendInitialEvents && options.allowBookmarks);
  return { items: found.values, from: Number(found.resourceVersion), announceEnd };
}

async function* stream(
  call: Call,
  options: ListOptions,
  frames: Frames,
  start: Start,
): AsyncGenerator<Uint8Array, void, void> {
  const { signal } = call.request;
  if (signal.aborted) return;
  const end = new AbortController();
  const stop = () => end.abort();
  const timer = call.server.clock.schedule(timeoutMs(call, options), stop);
  signal.addEventListener('abort', stop);
  try {
    for (const chunk of initialEvents(call, frames, start)) yield chunk;
    const chunksOf = laterEvents(call, options, frames);
    // Not `yield*`: each event would pass through one more queue of promises, for every watcher.
    for await (const batch of changes(call, options, start.from, end.signal)) {
      for (const chunk of chunksOf(batch)) yield chunk;
      if (batch.changes.length === 0 && isCatchUp(call)) return;
    }
  } catch (error) {
    yield errorFrame(call, frames, error);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', stop);
    end.abort();
  }
}

function timeoutMs(call: Call, { timeoutSeconds }: ListOptions): number {
  if (isCatchUp(call)) return CATCH_UP_MS;
  return 1000 * (timeoutSeconds || MIN_TIMEOUT_SECONDS * (1 + call.server.random.next()));
}

function* initialEvents(call: Call, frames: Frames, { items, from, announceEnd }: Start): Generator<Uint8Array> {
  for (let at = 0; at < items.length; at += MAX_CHUNK_EVENTS) {
    yield Buffer.concat(items.slice(at, at + MAX_CHUNK_EVENTS).map((item) => frames.event('ADDED', item.value)));
  }
  if (announceEnd) yield bookmark(call.type, frames, from, { 'k8s.io/initial-events-end': 'true' });
}

/** A watch that ends soon tells how far it came just before, as kube-apiserver's cacher does. */
function bookmarkMs({ timeoutSeconds }: ListOptions): number {
  const beforeEndMs = 1000 * (timeoutSeconds ?? MIN_TIMEOUT_SECONDS) - BOOKMARK_BEFORE_END_MS;
  return Math.min(BOOKMARK_MS, Math.max(beforeEndMs, BOOKMARK_BEFORE_END_MS));
}

function changes(call: Call, options: ListOptions, from: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
  const progress = isCatchUp(call) ? CAUGHT_UP : options.allowBookmarks ? { progressMs: bookmarkMs(options) } : {};
  return call.server.store.watch(keyPrefix(call.type, call.info.namespace), { from, signal, ...progress });
}

/** It ends by itself when all is told, which may take longer than the second that its client grants to who does not know what it asks for. */
const CATCH_UP_MS = 20_000;

/** A batch without changes comes as soon as there is nothing left to tell. */
const CAUGHT_UP = { progressMs: 0 };

/** Who holds watches for others asks again and again for what is new, and waits for nothing. */
function isCatchUp({ request }: Call): boolean {
  return request.headers.get(WATCH_HEADER) === CATCH_UP;
}

/** What this watcher is written of a batch. */
function laterEvents(call: Call, options: ListOptions, frames: Frames): (batch: WatchBatch) => Uint8Array[] {
  const { type } = call;
  const selects = eventSelector(call, options);
  return (batch) => {
    if (batch.changes.length === 0) return options.allowBookmarks ? [bookmark(type, frames, batch.revision)] : [];
    return joined(framesOf(type, batch, frames, selects));
  };
}

function joined(events: Uint8Array[]): Uint8Array[] {
  if (events.length <= 1) return events;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < events.length; at += MAX_CHUNK_EVENTS)
    chunks.push(Buffer.concat(events.slice(at, at + MAX_CHUNK_EVENTS)));
  return chunks;
}

function framesOf(type: ResourceType, batch: WatchBatch, frames: Frames, selects: EventSelector): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const change of batch.changes) {
    const event = selects(change);
    if (!event) continue;
    const left = event === 'DELETED' && change.type === 'updated';
    found.push(frames.event(event, left ? lastSelected(type, change) : change.value));
  }
  return found;
}

const lastStates = new WeakMap<Change, Uint8Array>();

/** What a watcher is told of an object that stopped matching: its last matching state, at the revision of the change. */
function lastSelected(type: ResourceType, change: Change): Uint8Array {
  let value = lastStates.get(change);
  if (!value) {
    value = encodeStored(type, decodeFor(type, change.previous!), change.revision);
    lastStates.set(change, value);
  }
  return value;
}

/** The event that a watcher sees of a change; undefined: none. */
type EventSelector = (change: Change) => EventType | undefined;

const EVENTS: Readonly<Record<Change['type'], EventType>> = {
  created: 'ADDED',
  updated: 'MODIFIED',
  deleted: 'DELETED',
};

function eventSelector(call: Call, options: ListOptions): EventSelector {
  const selection = selectionOf(call.type, options);
  const selects: EventSelector = selection ? (change) => transition(change, selection) : ({ type }) => EVENTS[type];
  if (!options.name) return selects;
  const isNamed = nameTest(call, options.name);
  return (change) => (isNamed(change.key) ? selects(change) : undefined);
}

function nameTest({ type, info }: Call, name: string): (key: string) => boolean {
  if (type.namespaced && !info.namespace) return (key) => key.endsWith(`/${name}`);
  const wanted = keyOf(type, info.namespace, name);
  return (key) => key === wanted;
}

/** An object that starts or stops being selected appears or disappears for this watcher. */
function transition(change: Change, selects: Selection): EventType | undefined {
  const before = change.previous !== undefined && selects(change.previous);
  const after = change.type !== 'deleted' && selects(change.value);
  if (before && after) return 'MODIFIED';
  if (after) return 'ADDED';
  return before ? 'DELETED' : undefined;
}

function bookmark(
  type: ResourceType,
  frames: Frames,
  revision: number,
  annotations?: Record<string, string>,
): Uint8Array {
  return frames.special('BOOKMARK', {
    kind: type.kind,
    apiVersion: type.apiVersion,
    metadata: { resourceVersion: String(revision), ...(annotations ? { annotations } : {}) },
  });
}

/** What ends a watch early is its last event. */
function errorFrame(call: Call, frames: Frames, error: unknown): Uint8Array {
  const failure = watchFailure(call, error);
  if (!isReason(failure, 'Expired')) call.server.report?.(error, call.request);
  return frames.special('ERROR', failure.toStatus());
}

function watchFailure(call: Call, error: unknown): StatusError {
  if (error instanceof StoreError && error.reason === 'Expired') {
    return new StatusError(410, 'Expired', `too old resource version: ${error.message}`);
  }
  const failure = storeFailure(error, call.type, '');
  if (failure instanceof StatusError) return failure;
  return new StatusError(500, 'InternalError', 'Internal error occurred: the watch failed');
}
