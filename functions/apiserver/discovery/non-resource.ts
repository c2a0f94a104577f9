import { lightResponse } from '../../../lib/runtime/light-response.ts';
import type { Server } from '../dependencies.ts';
import { methodNotAllowed } from '../method-not-allowed.ts';
import { openapi } from '../openapi/openapi.ts';
import type { Target } from '../request-info.ts';
import { groupsOf } from './groups.ts';
import { health } from './health.ts';

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
const JSON_TYPE = { 'content-type': 'application/json' };

/** Everything that is neither a resource nor discovery. */
export async function nonResource(server: Server, request: Request, { path, query }: Target): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  const document = server.documents?.get(path);
  if (document) {
    const { contentType, body } = await document();
    return lightResponse(
      200,
      { 'content-type': contentType, 'cache-control': 'public, max-age=3600' },
      Buffer.from(body),
    );
  }
  if (path === '/version' || path === '/version/') return pretty(server.version);
  if (path === '/metrics') return metrics(server);
  if (path === '/') return pretty({ paths: rootPaths(server) });
  if (path.startsWith('/openapi/')) return (await openapi(server, request, path)) ?? notFoundPage();
  return (await health(server, path, query)) ?? notFoundPage();
}

export function notFoundPage(): Response {
  return lightResponse(404, TEXT, Buffer.from('404 page not found\n'));
}

function pretty(object: object): Response {
  return lightResponse(200, JSON_TYPE, Buffer.from(JSON.stringify(object, undefined, 2)));
}

function metrics(server: Server): Response {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
  return lightResponse(200, headers, Buffer.from(server.metrics.render()));
}

function rootPaths(server: Server): string[] {
  const groups = groupsOf(server.resources);
  const paths = groups.flatMap(({ name, versions }) =>
    name === ''
      ? versions.map(({ version }) => `/api/${version}`)
      : [`/apis/${name}`, ...versions.map(({ version }) => `/apis/${name}/${version}`)],
  );
  const own = [
    '/api',
    '/apis',
    '/apis/',
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/readyz',
    '/version',
  ];
  return [...own, ...(server.documents?.keys() ?? []), ...paths].sort();
}
