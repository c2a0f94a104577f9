import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type HeaderValues, lightRequest } from '../../../lib/runtime/light-response.ts';
import type { Connection } from '../contract.ts';
import { isStreamed } from '../http/web-socket.ts';
import { isTrue, requestInfo, targetOf } from '../request-info.ts';

/** A request as API Gateway's proxy integration tells it, and what its answer depends on. */
export interface GatewayRequest {
  request: Request;
  connection: Connection;
  auditId: string;
  acceptsGzip: boolean;
  /** Its answer goes on as long as something happens: a watch, or a log that is followed. */
  follows: boolean;
}

const NO_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `maxWatchSeconds`: a watch that would go on for longer ends then, as one with this `timeoutSeconds` does. */
export function gatewayRequest(
  event: APIGatewayProxyEvent,
  maxWatchSeconds: number,
  signal: AbortSignal,
): GatewayRequest {
  const { httpMethod: method, requestContext } = event;
  const headers = headersOf(event);
  const host = headers['host'] ?? requestContext.domainName ?? 'localhost';
  const query = queryOf(event);
  const base = `https://${host}${encoded(event.path)}`;
  const info = requestInfo(method, targetOf(`${base}?${query}`));
  if (info.verb === 'watch') query.set('timeoutSeconds', String(watchSeconds(query, maxWatchSeconds)));
  const url = query.size > 0 ? `${base}?${query}` : base;
  const content = NO_BODY.has(method) ? {} : { content: bodyOf(event) };
  return {
    request: lightRequest({ method, url, headers, signal, ...content }),
    connection: { remoteAddress: requestContext.identity.sourceIp },
    auditId: textOf(headers['audit-id']) ?? requestContext.requestId,
    acceptsGzip: acceptsGzip(headers),
    follows: isStreamed(info) && (info.verb === 'watch' || isTrue(query.get('follow'))),
  };
}

/** What is no number is the apiserver's to refuse. */
function watchSeconds(query: URLSearchParams, most: number): number | string {
  const asked = query.get('timeoutSeconds') ?? '';
  if (!/^\d*$/.test(asked)) return asked;
  return Math.min(Number(asked) || most, most);
}

function headersOf({ multiValueHeaders, headers }: APIGatewayProxyEvent): HeaderValues {
  const values: HeaderValues = {};
  for (const [name, list] of Object.entries(multiValueHeaders ?? {}))
    if (list) values[name.toLowerCase()] = list.length === 1 ? list[0] : [...list];
  for (const [name, value] of Object.entries(headers ?? {})) values[name.toLowerCase()] ??= value;
  return values;
}

function queryOf({ multiValueQueryStringParameters, queryStringParameters }: APIGatewayProxyEvent): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, list] of Object.entries(multiValueQueryStringParameters ?? {}))
    for (const value of list ?? []) query.append(name, value);
  for (const [name, value] of Object.entries(queryStringParameters ?? {}))
    if (!query.has(name) && value !== undefined) query.set(name, value);
  return query;
}

/** The path comes decoded where API Gateway decodes it: what a URL cannot hold is encoded again. */
function encoded(path: string): string {
  return path.replace(/[^\w\-.~!$&'()*+,;=:@/%]/gu, encodeURIComponent);
}

/** A gateway that buffers sends bytes only to who names their type: others would get base64. */
function acceptsGzip(headers: HeaderValues): boolean {
  const named = !(textOf(headers['accept']) ?? '*/*').startsWith('*/*');
  return named && (textOf(headers['accept-encoding']) ?? '').includes('gzip');
}

function bodyOf({ body, isBase64Encoded }: APIGatewayProxyEvent): Uint8Array {
  return Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
