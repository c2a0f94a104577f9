import type { KubeObject } from '../../../lib/api/object.ts';
import { StatusError } from '../../../lib/api/status.ts';
import { type Content, type HeaderValues, lightResponse } from '../../../lib/runtime/light-response.ts';
import type { Answer, Call, ListAnswer } from '../registry/call.ts';
import { goType } from '../registry/read-object.ts';
import type { ResourceType } from '../registry/resource-table.ts';
import { decodeFor } from '../registry/stored.ts';
import { joinJsonList } from './join-json.ts';
import { listMeta } from './list-meta.ts';
import { MEDIA_TYPES, type Output } from './media-types.ts';
import { partialList, partialObject } from './partial.ts';
import { joinProtobufList, protobufOf } from './protobuf-list.ts';
import { SharedLists } from './shared-lists.ts';
import { includeObject, tableOf } from './table.ts';
import { isTableOfKeptRows, joinTableList, tableForm } from './table-list.ts';

/** A verb's answer in the form that was asked for. Stored bytes go out as they are wherever they can. */
export async function respond(call: Call, answer: Answer): Promise<Response> {
  const { output } = call;
  if ('list' in answer) return respondList(call, answer.status, answer.list);
  if ('value' in answer && isStoredForm(call.type, output)) return reply(call, answer.status, answer.value);
  const object = 'value' in answer ? decodeFor(call.type, answer.value) : answer.object;
  return reply(call, answer.status, await encode(transformed(call, object), output));
}

function isStoredForm(type: ResourceType, { format, transform, pretty }: Output): boolean {
  return format === 'json' && !transform && !pretty && !type.conversion;
}

async function respondList(call: Call, status: number, list: ListAnswer): Promise<Response> {
  const { type, output } = call;
  if (isStoredForm(type, output)) return reply(call, status, shared(call, list, 'json', joinJsonList));
  if (output.format === 'protobuf' && !output.transform && !type.conversion) {
    return reply(call, status, shared(call, list, 'protobuf', joinProtobufList));
  }
  if (isTableOfKeptRows(call)) {
    const form = tableForm(call);
    return reply(
      call,
      status,
      shared(call, list, form.key, () => joinTableList(form, list)),
    );
  }
  const objects = list.values.map((value) => decodeFor(type, value));
  return reply(call, status, await encode(transformedList(call, objects, list), output));
}

const sharedLists = new SharedLists();

function shared({ type }: Call, list: ListAnswer, form: string, join: typeof joinJsonList): Uint8Array {
  return sharedLists.bytes({ type, form, list }, () => join(type, list));
}

function transformed(call: Call, object: object): object {
  const { transform } = call.output;
  if (!transform || (object as KubeObject).kind === 'Status') return object;
  if (transform.kind === 'PartialObjectMetadata') return partialObject(object as KubeObject, transform.version);
  if (transform.kind === 'Table') return tableOf(call, [object as KubeObject], {}, includeObject(call.query));
  const message = `you requested PartialObjectMetadataList, but the requested object is not a list (*${goType(call.type)})`;
  throw new StatusError(406, 'NotAcceptable', message);
}

function transformedList(call: Call, objects: KubeObject[], list: ListAnswer): object {
  const { type, output } = call;
  const metadata = listMeta(list);
  const { transform } = output;
  if (!transform)
    return {
      kind: type.listKind,
      apiVersion: type.apiVersion,
      metadata,
      items: type.custom ? objects : objects.map(bare),
    };
  if (transform.kind === 'PartialObjectMetadataList') return partialList(objects, metadata, transform.version);
  if (transform.kind === 'Table') return tableOf(call, objects, metadata, includeObject(call.query));
  const message = `you requested PartialObjectMetadata, but the requested object is a list (*${goType(type)}List)`;
  throw new StatusError(406, 'NotAcceptable', message);
}

/** Items of a typed list show neither kind nor apiVersion. */
function bare({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject): object {
  return rest;
}

export async function encode(
  object: object,
  { format, pretty }: Pick<Output, 'format' | 'pretty'>,
): Promise<Uint8Array> {
  if (format === 'protobuf') return protobufOf(object);
  if (format === 'yaml')
    return Buffer.from(
      (await import('yaml')).stringify(object, { version: '1.1', sortMapEntries: true, lineWidth: 0 }),
    );
  return Buffer.from(pretty ? `${JSON.stringify(object, undefined, 2)}\n` : JSON.stringify(object));
}

function reply(call: Call, status: number, content: Content): Response {
  const headers: HeaderValues = {
    'content-type': MEDIA_TYPES[call.output.format],
    'cache-control': 'no-cache, private',
  };
  const warnings = warningHeaders(call.warnings);
  if (warnings.length) headers['warning'] = warnings;
  return lightResponse(status, headers, content);
}

/** What a header may not hold. */
const UNPRINTABLE = /[^ -~]/g;

/** RFC 9111's predecessor, RFC 7234 section 5.5, as Kubernetes writes it: 299, no agent, quoted text. */
export function warningHeaders(warnings: readonly string[]): string[] {
  return [...new Set(warnings)].map((text) => `299 - ${JSON.stringify(text.replaceAll(UNPRINTABLE, ' '))}`);
}

/** A refusal, in the format that the request can read. */
export async function respondError(
  error: StatusError,
  output: Pick<Output, 'format' | 'pretty'>,
  warnings: readonly string[] = [],
): Promise<Response> {
  const headers: HeaderValues = { 'content-type': MEDIA_TYPES[output.format], 'cache-control': 'no-cache, private' };
  const { retryAfterSeconds } = error.details ?? {};
  if (retryAfterSeconds) headers['retry-after'] = String(retryAfterSeconds);
  if (warnings.length) headers['warning'] = warningHeaders(warnings);
  return lightResponse(error.code, headers, await encode(error.toStatus(), output));
}
