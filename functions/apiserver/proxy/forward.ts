import { badRequest, internalError, StatusError } from '../../../lib/api/status.ts';
import { HOP_BY_HOP } from '../../../lib/runtime/hop-by-hop.ts';
import { type HeaderValues, lightResponse } from '../../../lib/runtime/light-response.ts';
import type { UpgradeTarget } from '../contract.ts';
import type { BackendRequest } from '../dependencies.ts';
import type { Call } from '../registry/call.ts';
import { rewriteHtml, rewriteUrl } from './rewrite-html.ts';

/** And those that say who asks. */
const DROPPED: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'authorization']);

/** Passes a request on and its answer back, both bodies as they come. */
export async function forward(call: Call, target: UpgradeTarget): Promise<Response> {
  const { request } = call;
  const elsewhere = withSlash(call);
  if (elsewhere) return lightResponse(301, { location: elsewhere }, undefined);
  const headers: Record<string, string> = {};
  request.headers.forEach((value, name) => {
    if (!DROPPED.has(name) && !name.startsWith(':')) headers[name] = value;
  });
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const response = await send(call, target, {
    method: request.method,
    headers,
    body: hasBody ? (request.body ?? undefined) : undefined,
  });
  const kept: HeaderValues = {};
  response.headers.forEach((value, name) => {
    if (!DROPPED.has(name)) kept[name] = value;
  });
  const prefix = proxyPrefix(call);
  const { location } = kept;
  // A redirect of what stands behind the proxy leads back through the proxy.
  if (typeof location === 'string') kept['location'] = rewriteUrl(location, prefix);
  if (!isPlainHtml(response)) return lightResponse(response.status, kept, response.body ?? undefined);
  delete kept['content-length'];
  return lightResponse(response.status, kept, Buffer.from(rewriteHtml(await response.text(), prefix)));
}

/** Up to and including `/proxy`. */
function proxyPrefix({ info }: Call): string {
  return /^.*?\/(?:pods|services|nodes)\/[^/]+\/proxy(?=\/|$)/.exec(info.path)?.[0] ?? '';
}

/** Only in such pages links are looked for; packed ones stay as they are. */
function isPlainHtml({ headers }: Response): boolean {
  return /^text\/html\s*(;|$)/.test(headers.get('content-type') ?? '') && !headers.has('content-encoding');
}

/** Relative links of a page at `…/proxy` would lead beside it. Source: UpgradeAwareHandler.ServeHTTP of k8s.io/apimachinery. */
function withSlash({ info, request }: Call): string | undefined {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  return reads && info.path.endsWith('/proxy') ? `${info.path}/${new URL(request.url).search}` : undefined;
}

/** A log is plain text; the agent's refusal becomes a Status. Source: GenericHttpResponseChecker of registry/generic/rest. */
export async function forwardLog(call: Call, target: UpgradeTarget): Promise<Response> {
  const response = await send(call, target, { method: 'GET', headers: {} });
  if (response.status >= 200 && response.status <= 206) {
    return lightResponse(200, { 'content-type': 'text/plain' }, response.body ?? undefined);
  }
  return refusedLog(call, response);
}

/** An agent's refusal of a log, as a Status. */
export async function refusedLog(call: Call, response: Response): Promise<never> {
  const text = (await response.text()).trim();
  if (response.status === 400) throw badRequest(text);
  if (response.status === 500) throw internalError(new Error(text));
  throw new StatusError(
    response.status,
    response.status === 404 ? 'NotFound' : '',
    genericMessage(response.status, text),
    {
      name: call.info.name,
      kind: 'pods',
      causes: [{ reason: 'UnexpectedServerResponse', message: text }],
    },
  );
}

function genericMessage(code: number, text: string): string {
  if (code === 404) return 'the server could not find the requested resource';
  return text || `the server responded with the status code ${code}`;
}

/** A backend that cannot be reached is 503. */
export async function send(
  call: Call,
  target: UpgradeTarget,
  message: Pick<BackendRequest, 'method' | 'headers' | 'body'>,
): Promise<Response> {
  try {
    return await call.server.backend!.send({ ...message, url: target.url, as: target.as, signal: call.request.signal });
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${why}`);
  }
}
