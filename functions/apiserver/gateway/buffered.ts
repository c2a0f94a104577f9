import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { StatusError } from '../../../lib/api/status.ts';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import type { HeaderValues } from '../../../lib/runtime/light-response.ts';
import { compressed, parts } from '../http/response.ts';
import { respondError } from '../negotiation/respond.ts';
import type { GatewayRequest } from './request.ts';

/** Smaller than kube-apiserver's threshold: what leaves AWS is paid by the gigabyte. */
export const MIN_GZIP_BYTES = 16 * 1024;
/** A function's answer is JSON of at most 6 MB. Source: "Lambda quotas". Base64 takes four bytes for three, as escaped quotes of JSON do at worst; the head takes some too. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 16 * 1024;
const MAX_BODY_BYTES = (MAX_ANSWER_BYTES / 4) * 3;
/** What is followed is answered when so long nothing more came after its first events. */
const QUIET_MS = 200;

const NOTHING = new Uint8Array(0);

export interface Ending {
  clock: Clock;
  /** Ends what is followed. */
  end(): void;
}

/** The whole answer at once, for a gateway that does not stream. */
export async function bufferedResult(
  response: Response,
  asked: GatewayRequest,
  ending: Ending,
): Promise<APIGatewayProxyResult> {
  const { status, headers, content } = parts(response);
  const bytes =
    content === undefined || content instanceof Uint8Array ? content : await collect(content, asked, ending);
  const body = bytes && (await encodedBody(bytes, headers, asked));
  if (body && body.byteLength > MAX_BODY_BYTES) return bufferedResult(await tooLarge(), asked, ending);
  return result(status, headers, asked, body);
}

async function encodedBody(bytes: Uint8Array, headers: HeaderValues, { acceptsGzip }: GatewayRequest) {
  if (!acceptsGzip || bytes.byteLength < MIN_GZIP_BYTES || headers['content-encoding']) return bytes;
  delete headers['content-length'];
  return compressed(bytes, headers);
}

function result(
  statusCode: number,
  values: HeaderValues,
  { auditId, request }: GatewayRequest,
  body: Uint8Array | undefined,
): APIGatewayProxyResult {
  const shown = request.method === 'HEAD' ? undefined : body;
  return {
    statusCode,
    multiValueHeaders: multiValueHeaders({ ...values, 'audit-id': auditId }),
    ...textOrBase64(shown),
  };
}

function textOrBase64(body: Uint8Array = NOTHING): { body: string; isBase64Encoded: boolean } {
  const isBase64Encoded = !isUtf8(body);
  return { body: Buffer.from(body).toString(isBase64Encoded ? 'base64' : 'utf8'), isBase64Encoded };
}

export function multiValueHeaders(values: HeaderValues): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) headers[name] = [value].flat();
  return headers;
}

/** A body that ends by itself is read to its end; one that is followed until it is quiet, and its events that came are whole. */
async function collect(content: AsyncIterable<Uint8Array>, { follows }: GatewayRequest, { clock, end }: Ending) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  const finish = () => {
    ended = true;
    end();
  };
  const iterator = content[Symbol.asyncIterator]();
  for (;;) {
    const next = iterator.next();
    if (follows && chunks.length > 0 && !ended) await quiet(next, clock, finish);
    const { done, value } = await next;
    if (done || (follows && chunks.length > 0 && size + value.byteLength > MAX_BODY_BYTES)) break;
    if (value.byteLength > 0) chunks.push(value);
    size += value.byteLength;
  }
  if (!ended) finish();
  return Buffer.concat(chunks);
}

/** Resolves with the next chunk, or with the end that was made because none came. */
async function quiet(next: Promise<unknown>, clock: Clock, finish: () => void): Promise<void> {
  const waiting = new AbortController();
  const came = next.then(
    () => true,
    () => true,
  );
  if (!(await Promise.race([came, delay(clock, QUIET_MS, waiting.signal).then(() => false)]))) finish();
  waiting.abort();
}

function tooLarge(): Promise<Response> {
  const message =
    'the answer is larger than the 6 MB that this gateway can return at once: ask for pages (limit=500), as kubectl does with --chunk-size';
  const error = new StatusError(413, 'RequestEntityTooLarge', message);
  return respondError(error, { format: 'json', pretty: false });
}
