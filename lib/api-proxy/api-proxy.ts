import { StatusError } from '../api/status.ts';
import type { Transport } from '../client/client.ts';
import { bytesOf, lightRequest } from '../runtime/light-response.ts';
import type { ApiProxy, ApiProxyOptions } from './contract.ts';
import { endToEnd } from './headers.ts';
import { createProxyServer, statusResponse } from './server.ts';
import { followLog } from './session/log.ts';
import { upgradeToSession } from './session/upgrade.ts';
import { isFollowedLog, isWatch, proxyTarget } from './target.ts';
import { Feeds } from './watch/feeds.ts';

export function createApiProxy(options: ApiProxyOptions): ApiProxy {
  const { clock, random, log, pace } = options;
  const upstream = authorized(options);
  const context = { upstream, clock, random, log, pace };
  const feeds = new Feeds(context);
  const answer = async (request: Request): Promise<Response> => {
    const target = proxyTarget(request.url);
    if (isWatch(request.method, target)) return feeds.hold(request, target);
    if (isFollowedLog(request.method, target)) return followLog(context, request);
    const response = await upstream(await forwarded(request));
    if (request.method !== 'GET' && response.status < 300) feeds.wrote(target.resource);
    return response;
  };
  const fetch = (request: Request) => answer(request).catch((error) => failure(error, request, options));
  const server = createProxyServer(options.tls, {
    fetch,
    upgrade: (message, socket, head) => void upgradeToSession(context, message, socket, head),
  });
  return {
    fetch,
    listen: server.listen,
    setCertificate: server.setCertificate,
    wake: (resource, revision) => feeds.wake(resource, revision),
    wakeAll: () => feeds.wakeAll(),
    held: () => feeds.held(),
    async close() {
      feeds.close();
      await server.close();
    },
  };
}

/** The apiserver behind, asked with the credentials that are meant for it. */
function authorized({ upstream, authorization }: ApiProxyOptions): Transport {
  if (!authorization) return upstream;
  return async (request) => {
    const given = request.headers.get('authorization') ?? undefined;
    const wanted = await authorization(given);
    if (wanted === undefined) request.headers.delete('authorization');
    else request.headers.set('authorization', wanted);
    return upstream(request);
  };
}

async function forwarded(request: Request): Promise<Request> {
  const { method, url, signal } = request;
  const content = request.body ? await bytesOf(request) : undefined;
  return lightRequest({ method, url, headers: endToEnd(request.headers), signal, ...(content && { content }) });
}

function failure(error: unknown, request: Request, { log }: ApiProxyOptions): Response {
  if (error instanceof StatusError) return statusResponse(error);
  if (!request.signal.aborted) log('a request could not be passed on', { method: request.method, error });
  const message = error instanceof Error ? error.message : String(error);
  return statusResponse(new StatusError(502, '', message));
}
