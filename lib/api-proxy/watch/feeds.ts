import { type HeaderValues, lightResponse } from '../../runtime/light-response.ts';
import type { HeldWatch } from '../contract.ts';
import { credentialsOf, endToEnd } from '../headers.ts';
import { isTrue, type ProxyTarget } from '../target.ts';
import { ask, isAnswered, sharedUrl, urlFrom } from './ask.ts';
import { Feed, type FeedContext, type FeedStart } from './feed.ts';
import { Follower } from './follower.ts';

/** kube-apiserver's --min-request-timeout: a watch without timeoutSeconds ends after this to twice this. */
const MIN_TIMEOUT_SECONDS = 1_800;

/** The watches of all clients, and what is asked upstream for them. */
export class Feeds {
  readonly #context: FeedContext;
  readonly #feeds = new Map<string, Feed>();
  #tables = 0;

  constructor(context: FeedContext) {
    this.#context = context;
  }

  /** The number of watches that are asked for upstream. */
  get size(): number {
    return this.#feeds.size;
  }

  /** Answers a watch: what its own parameters begin with, then whatever comes until it ends. */
  async hold(request: Request, target: ProxyTarget): Promise<Response> {
    const key = this.#keyOf(request);
    const watch = { url: sharedUrl(request.url), headers: endToEnd(request.headers) };
    const follower = this.#follower(target);
    const joined = follower.from > 0 ? this.#feeds.get(key) : undefined;
    if (joined?.holds(follower.from))
      return this.#serve(request, target, follower, joined, {
        'content-type': joined.contentType,
      });
    const answer = await ask(this.#context.upstream, { ...watch, url: request.url }, request.signal);
    if (!isAnswered(answer)) return answer;
    follower.begin(answer.events, answer.revision);
    const start = { resource: target.resource, contentType: answer.contentType, watch };
    const feed = answer.ends ? undefined : await this.#feed(key, start, follower, request.signal);
    return this.#serve(request, target, follower, feed, { 'content-type': answer.contentType, ...answer.headers });
  }

  wake(resource: string, revision?: number): void {
    const [plural] = resource.split('.');
    for (const feed of this.#feeds.values()) if (feed.resource === plural) feed.wake(revision);
  }

  wakeAll(): void {
    for (const feed of this.#feeds.values()) feed.wake();
  }

  held(): HeldWatch[] {
    return [...this.#feeds.values()].map(({ resource, watch: { url, headers } }) => {
      const { pathname, search } = new URL(url, 'http://apiserver');
      return { resource, url: pathname + search, authorization: headers['authorization'] as string | undefined };
    });
  }

  /** Something was written: what follows from it may be seen anywhere. */
  wrote(resource: string): void {
    for (const feed of this.#feeds.values()) {
      if (feed.resource === resource) feed.wake();
      else feed.hurry();
    }
  }

  close(): void {
    for (const feed of [...this.#feeds.values()]) feed.stop();
  }

  /** Rows of a Table tell their columns once a watch, so each has its own. */
  #keyOf(request: Request): string {
    const accept = request.headers.get('accept') ?? '';
    const form = accept.includes('as=Table') ? `table ${this.#tables++}` : accept;
    return [sharedUrl(request.url), form, credentialsOf(request.headers)].join('\n');
  }

  #follower({ query }: ProxyTarget): Follower {
    const begins = isTrue(query.get('sendInitialEvents'));
    return new Follower({
      from: begins ? 0 : Number(query.get('resourceVersion')) || 0,
      allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
      clock: this.#context.clock,
    });
  }

  /** The feed that the client goes on with. It may have lost what the client has not seen: then the client catches up first. */
  async #feed(
    key: string,
    start: Omit<FeedStart, 'position'>,
    follower: Follower,
    signal: AbortSignal,
  ): Promise<Feed | undefined> {
    for (let feed = this.#feeds.get(key); feed; feed = this.#feeds.get(key)) {
      if (feed.holds(follower.from)) return feed;
      const answer = await ask(
        this.#context.upstream,
        { ...start.watch, url: urlFrom(start.watch.url, follower.from) },
        signal,
      );
      if (!isAnswered(answer)) return undefined;
      follower.begin(answer.events, answer.revision);
      if (answer.ends) return undefined;
    }
    const created = new Feed({ ...start, position: follower.from }, this.#context, () => {
      if (this.#feeds.get(key) === created) this.#feeds.delete(key);
    });
    this.#feeds.set(key, created);
    return created;
  }

  #serve(
    request: Request,
    target: ProxyTarget,
    follower: Follower,
    feed: Feed | undefined,
    headers: HeaderValues,
  ): Response {
    const { clock, random } = this.#context;
    const seconds = Number(target.query.get('timeoutSeconds')) || MIN_TIMEOUT_SECONDS * (1 + random.next());
    const { signal } = request;
    const end = () => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      follower.end();
      feed?.leave(follower);
    };
    const timer = clock.schedule(seconds * 1000, end);
    signal.addEventListener('abort', end);
    if (feed) feed.follow(follower);
    if (!feed || signal.aborted) end();
    return lightResponse(200, { 'cache-control': 'no-cache, private', ...headers }, untilEnd(follower, end));
  }
}

async function* untilEnd(follower: Follower, end: () => void): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* follower;
  } finally {
    end();
  }
}
