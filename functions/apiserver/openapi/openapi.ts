import { lightResponse } from '../../../lib/runtime/light-response.ts';
import type { Server } from '../dependencies.ts';
import { documentV2 } from './v2.ts';
import { documentV3, indexV3 } from './v3.ts';

/** A document made once: its bytes and what tells it from the next. */
export interface OpenapiDocument {
  bytes: Uint8Array;
  etag: string;
}

/** /openapi/v2, /openapi/v3 and /openapi/v3/apis/GROUP/VERSION; undefined: no such path. */
export async function openapi(server: Server, request: Request, path: string): Promise<Response | undefined> {
  if (path === '/openapi/v2') return openapiV2(server, request);
  if (path === '/openapi/v3') return answer(request, await indexV3(server.resources), 'application/json');
  const prefix = '/openapi/v3/';
  if (!path.startsWith(prefix)) return undefined;
  const document = await documentV3(server.resources, path.slice(prefix.length));
  return document && answer(request, document, 'application/json');
}

const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

async function openapiV2(server: Server, request: Request): Promise<Response> {
  const accept = request.headers.get('accept') ?? '';
  const protobuf = accept.includes('proto-openapi.spec.v2');
  const document = await documentV2(server.resources, protobuf);
  return answer(request, document, protobuf ? V2_PROTOBUF : 'application/json');
}

function answer(request: Request, { bytes, etag }: OpenapiDocument, contentType: string): Response {
  const headers = {
    'content-type': contentType,
    etag: `"${etag}"`,
    vary: 'Accept',
    'cache-control': 'no-cache, private',
  };
  if (request.headers.get('if-none-match') === headers.etag) return lightResponse(304, headers);
  return lightResponse(200, headers, bytes);
}
