import { CATCH_UP, WATCH_HEADER } from '../../api/extensions.ts';
import type { Transport } from '../../client/client.ts';
import { bytesOf, type HeaderValues, lightRequest, lightResponse } from '../../runtime/light-response.ts';
import { type WatchEventFrame, watchEvents } from './events.ts';

/** A watch that is asked for again and again. */
export interface AskedWatch {
  url: string;
  headers: HeaderValues;
}

export interface Answered {
  contentType: string;
  headers: HeaderValues;
  events: WatchEventFrame[];
  /** Everything up to here is told. */
  revision: number;
  /** The apiserver did not say how far this goes, or said that it goes no further. */
  ends: boolean;
}

/** An apiserver that does not know the header ends the watch after this: then an answer takes as long. */
const TIMEOUT_SECONDS = 1;

/** The parameters that this client has for itself; what is left says what it watches. */
const OWN_PARAMETERS = ['resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'timeoutSeconds'];

/** The watch's URL without what differs from one client of it to the next. */
export function sharedUrl(url: string): string {
  const { pathname, searchParams } = new URL(url);
  for (const name of [...OWN_PARAMETERS, 'allowWatchBookmarks']) searchParams.delete(name);
  searchParams.sort();
  return `http://apiserver${pathname}?${searchParams}`;
}

/** The watch's URL from where everybody who shares it has come to. */
export function urlFrom(url: string, revision: number): string {
  const from = new URL(url);
  from.searchParams.set('resourceVersion', String(revision));
  return from.toString();
}

/** Asks for everything that there is to tell now. Answers what the apiserver refused as it came. */
export async function ask(
  upstream: Transport,
  { url, headers }: AskedWatch,
  signal: AbortSignal,
): Promise<Answered | Response> {
  const target = new URL(url);
  target.searchParams.set('allowWatchBookmarks', 'true');
  target.searchParams.set('timeoutSeconds', String(TIMEOUT_SECONDS));
  const asked: HeaderValues = { ...headers, [WATCH_HEADER]: CATCH_UP, 'accept-encoding': undefined };
  const response = await upstream(lightRequest({ method: 'GET', url: target.toString(), headers: asked, signal }));
  if (response.status !== 200) return whole(response);
  const contentType = response.headers.get('content-type') ?? '';
  const body = await bytesOf(response);
  const events = watchEvents(contentType, Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  const revision = events.reduce((highest, event) => Math.max(highest, event.revision), 0);
  const ends = events.length === 0 || events.some(({ type }) => type === 'ERROR');
  const warning = response.headers.get('warning');
  return { contentType, headers: warning ? { warning } : {}, events, revision, ends };
}

/** Not everybody reads a refusal, and until somebody does its connection is taken. */
async function whole(refusal: Response): Promise<Response> {
  return lightResponse(refusal.status, Object.fromEntries(refusal.headers), await bytesOf(refusal));
}

export function isAnswered(answer: Answered | Response): answer is Answered {
  return 'events' in answer;
}
