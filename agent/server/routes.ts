import type { IncomingMessage, ServerResponse } from 'node:http';
import { containerLogs } from './container-logs.ts';
import { HttpError } from './http-error.ts';
import { run } from './run.ts';
import type { ServerContext } from './server.ts';
import { session } from './session/session.ts';
import { nodeMetrics, resourceMetrics } from './stats/metrics.ts';
import { summary } from './stats/summary.ts';

/** A request with its path taken apart: `/containerLogs/NAMESPACE/POD/CONTAINER`. */
export interface Call {
  context: ServerContext;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** Segments after the first. */
  path: readonly string[];
}

type Handler = (call: Call) => unknown;

/** Source: pkg/kubelet/server/server.go. */
const GET: Readonly<Record<string, Handler>> = {
  containerLogs,
  pods: ({ response, context }) => json(response, podList(context.pods.list())),
  runningpods: runningPods,
  healthz,
  configz: ({ response, context }) => json(response, { kubeletconfig: context.config }),
  stats: async ({ response, context, path }) => {
    if (path[0] !== 'summary') throw notFound();
    json(response, await summary(context));
  },
  metrics: async ({ response, context, path }) => {
    if (path.length === 0) text(response, await nodeMetrics(context));
    else if (path[0] === 'resource') text(response, await resourceMetrics(context));
    else if (path[0] === 'cadvisor' || path[0] === 'probes') text(response, '');
    else throw notFound();
  },
};
const POST: Readonly<Record<string, Handler>> = { run, session };
/** They need an upgrade, which this request did not ask for. */
const STREAMING = ['exec', 'attach', 'portForward'];

export async function handle(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = requestUrl(request);
  const [name = '', ...path] = segments(url);
  const handlers = request.method === 'POST' ? POST : request.method === 'GET' ? GET : {};
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler) await handler({ context, request, response, url, path });
  else if (STREAMING.includes(name)) throw new HttpError(400, 'Upgrade request required');
  else throw notFound();
}

export function requestUrl(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'https://node');
}

export function segments(url: URL): string[] {
  return url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
}

function notFound(): HttpError {
  return new HttpError(404, '404 page not found\n');
}

function healthz({ context, response }: Call): void {
  if (context.healthy()) text(response, 'ok');
  else response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end('[-]syncloop failed\n');
}

async function runningPods({ context, response }: Call): Promise<void> {
  const sandboxes = await context.runtime.listPodSandboxes({ state: 'READY' });
  const pods = sandboxes.map(({ metadata: { name, namespace, uid } }) => ({ metadata: { name, namespace, uid } }));
  json(response, podList(pods));
}

function podList(items: readonly object[]): object {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function text(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);
}
