import type { KubeObject } from '../../../lib/api/object.ts';
import { decodeProtobuf } from '../../../lib/api/protobuf.ts';
import { apiVersion as apiVersionOf, type GroupVersionKind } from '../../../lib/api/resources.ts';
import { definitionOf, validateSchema } from '../../../lib/api/schema.ts';
import { badRequest, type StatusError } from '../../../lib/api/status.ts';
import { bodyFormat, type Format } from '../negotiation/media-types.ts';
import { parseJson, parseYaml, unrecognized, yamlDuplicates, yamlErrors } from '../negotiation/parse.ts';
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
  if (format === 'yaml') await checkYaml(call, bytes, fieldValidation, strictIntro(object, expected));
  checkKind(object, expected);
  return checkSchema(call, object, expected, fieldValidation, text);
}

/** Keys set twice: told of, or refused, as `fieldValidation` says. */
export async function checkYaml(
  { warnings }: Call,
  bytes: Uint8Array,
  fieldValidation: WriteOptions['fieldValidation'],
  intro: string,
): Promise<void> {
  if (fieldValidation === 'Ignore') return;
  const duplicates = await yamlDuplicates(decoder.decode(bytes));
  if (fieldValidation === 'Warn') warnings.push(...duplicates);
  else if (duplicates.length) throw badRequest(`${intro}: ${yamlErrors(duplicates)}`);
}

function strictIntro(object: KubeObject, expected: GroupVersionKind): string {
  const kind = object.kind || expected.kind;
  return `${kind} in version "${expected.version}" cannot be handled as a ${kind}: strict decoding error`;
}

/** The object as its kind's fields are; what is unknown goes, with a warning or a refusal. */
export function checkSchema(
  call: Call,
  object: KubeObject,
  expected: GroupVersionKind,
  fieldValidation: WriteOptions['fieldValidation'],
  text?: string,
): KubeObject {
  const options = text === undefined ? { fieldValidation } : { fieldValidation, text };
  const custom = expected === call.type ? call.type.custom : undefined;
  const decoded = custom ? custom.decode(object, options) : validateSchema(object, expected, options);
  call.warnings.push(...decoded.warnings);
  return decoded.object;
}

/** What a decoder found wrong, without the words around it. */
export function decodeFault({ message }: StatusError): string {
  return message.replace(/^.*? cannot be handled as an? \w+: /s, '');
}

const NOT_AN_OBJECT =
  'json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

export async function decode(
  format: Format,
  bytes: Uint8Array,
  expected: GroupVersionKind,
  text?: string,
): Promise<KubeObject> {
  const object: unknown = await parse(format, bytes, expected, text);
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object as KubeObject;
  throw unrecognized(expected.kind, `couldn't get version/kind; json parse error: ${NOT_AN_OBJECT}`, bytes);
}

async function parse(
  format: Format,
  bytes: Uint8Array,
  expected: GroupVersionKind,
  text = decoder.decode(bytes),
): Promise<unknown> {
  try {
    if (format === 'protobuf') return decodeProtobuf(bytes);
    return format === 'yaml' ? await parseYaml(text) : parseJson(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const prefix = format === 'json' ? "couldn't get version/kind; json parse error: " : '';
    throw unrecognized(expected.kind, `${prefix}${why}`, bytes);
  }
}

/** An absent kind or apiVersion is the one expected. */
function checkKind(object: KubeObject, expected: GroupVersionKind): void {
  const wanted = apiVersionOf(expected);
  object.kind ||= expected.kind;
  object.apiVersion ||= wanted;
  if (object.kind === expected.kind && object.apiVersion === wanted) return;
  throw wrongKind(object.kind, object.apiVersion, expected);
}

function wrongKind(kind: string, apiVersion: string, expected: GroupVersionKind): StatusError {
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  const intro = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}`;
  if (definitionOf({ group, version, kind }) === undefined) {
    const why = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`;
    return badRequest(`${intro}: ${why} in scheme "pkg/runtime/scheme.go:111"`);
  }
  if (kind === expected.kind) {
    const wanted = apiVersionOf(expected);
    return badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
    );
  }
  return badRequest(`${intro}: converting (${version}.${kind}) to (${goType(expected)}): unknown conversion`);
}

/** What upstream calls the type within: `core.ConfigMap`. */
export function goType({ group, kind }: { group: string; kind: string }): string {
  return `${group.split('.')[0] || 'core'}.${kind}`;
}
