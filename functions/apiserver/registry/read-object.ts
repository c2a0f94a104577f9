import type { KubeObject } from '../../../lib/api/object.ts';
import { decodeProtobuf } from '../../../lib/api/protobuf.ts';
import { apiVersion as apiVersionOf, type GroupVersionKind } from '../../../lib/api/resources.ts';
import { validateSchema } from '../../../lib/api/schema.ts';
import { badRequest } from '../../../lib/api/status.ts';
import { bodyFormat, type Format } from '../negotiation/media-types.ts';
import { readBody } from '../negotiation/read-body.ts';
import type { Call } from './call.ts';
import type { WriteOptions } from './options.ts';

const decoder = new TextDecoder();

/** The body as an object of the expected kind: checked, unknown fields dropped, in the order in which it is stored. */
export async function readObject(
  call: Call,
  { fieldValidation }: Pick<WriteOptions, 'fieldValidation'>,
  expected: GroupVersionKind = call.type,
): Promise<KubeObject> {
  const format = bodyFormat(call.request.headers);
  const bytes = await readBody(call.request);
  const text = format === 'json' ? decoder.decode(bytes) : undefined;
  const object = await decode(format, bytes, expected, text);
  checkKind(object, expected);
  return checkSchema(call, object, expected, fieldValidation, text);
}

/** The object as its kind's fields are; what is unknown goes, with a warning or a refusal. */
export function checkSchema(
  call: Call,
  object: KubeObject,
  expected: GroupVersionKind,
  fieldValidation: WriteOptions['fieldValidation'],
  text?: string,
): KubeObject {
  const decoded = validateSchema(
    object,
    expected,
    text === undefined ? { fieldValidation } : { fieldValidation, text },
  );
  call.warnings.push(...decoded.warnings);
  return decoded.object;
}

export async function decode(
  format: Format,
  bytes: Uint8Array,
  expected: GroupVersionKind,
  text?: string,
): Promise<KubeObject> {
  const object: unknown = await parse(format, bytes, expected, text);
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object as KubeObject;
  throw unrecognized(expected, 'json: cannot unmarshal into Go value of type struct', bytes);
}

async function parse(
  format: Format,
  bytes: Uint8Array,
  expected: GroupVersionKind,
  text = decoder.decode(bytes),
): Promise<unknown> {
  try {
    if (format === 'protobuf') return decodeProtobuf(bytes);
    if (format === 'yaml') return await parseYaml(text);
    if (bytes.byteLength === 0) return {};
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unrecognized(expected, `couldn't get version/kind; json parse error: ${why}`, bytes);
  }
}

/** The parser is loaded when the first client sends YAML. */
export async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  return parse(text, { version: '1.1', merge: true });
}

const SUMMARY_LENGTH = 30;

function unrecognized(expected: GroupVersionKind, why: string, bytes: Uint8Array): Error {
  const text = decoder.decode(bytes.subarray(0, SUMMARY_LENGTH));
  const summary = bytes.byteLength > SUMMARY_LENGTH ? `${JSON.stringify(text)} ...` : JSON.stringify(text);
  return badRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${why} (${summary})`);
}

/** An absent kind or apiVersion is the one expected. */
function checkKind(object: KubeObject, expected: GroupVersionKind): void {
  const wanted = apiVersionOf(expected);
  const { kind, apiVersion } = object;
  object.kind = kind || expected.kind;
  object.apiVersion = apiVersion || wanted;
  if (object.kind !== expected.kind) throw wrongKind(object.kind, object.apiVersion, expected);
  if (object.apiVersion === wanted) return;
  throw badRequest(
    `the API version in the data (${object.apiVersion}) does not match the expected API version (${wanted})`,
  );
}

function wrongKind(kind: string, apiVersion: string, expected: GroupVersionKind): Error {
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const why = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`;
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`);
}
