import { StatusError } from '../../../lib/api/status.ts';
import { isTrue } from '../request-info.ts';
import { type AcceptClause, matches, parseAccept } from './accept.ts';

export type Format = 'json' | 'yaml' | 'protobuf';

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

/** The forms an answer may be asked in beside its own kind. Source: API conventions, "Alternate representations". */
export interface Transform {
  kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  version: 'v1' | 'v1beta1';
}

export interface Output {
  readonly format: Format;
  readonly transform: Transform | undefined;
  readonly pretty: boolean;
}

const FORMATS: readonly Format[] = ['json', 'yaml', 'protobuf'];
/** YAML has no framing, so no stream. */
const STREAM_FORMATS: readonly Format[] = ['json', 'protobuf'];

const JSON_OUTPUT: Output = { format: 'json', transform: undefined, pretty: false };

/** Clients that people read: as kube-apiserver's isPrettyPrint. */
const HUMAN_CLIENTS = /^(?:curl|Wget|Mozilla\/5\.0)/;

/** Forms that a resource does not have: protobuf of a custom one, a Table of one that is only answered. */
export interface Lacking {
  protobuf?: boolean;
  table?: boolean;
}

export function negotiate(headers: Headers, query: URLSearchParams, stream: boolean, lacking: Lacking = {}): Output {
  const accept = headers.get('accept');
  const pretty = isPretty(headers, query);
  if (!accept) return pretty ? { ...JSON_OUTPUT, pretty } : JSON_OUTPUT;
  const all = stream ? STREAM_FORMATS : FORMATS;
  const formats = lacking.protobuf ? all.filter((format) => format !== 'protobuf') : all;
  for (const clause of parseAccept(accept)) {
    for (const format of formats) {
      const output = matches(clause, MEDIA_TYPES[format]) ? accepted(clause, format, pretty) : undefined;
      if (output && !(lacking.table && output.transform?.kind === 'Table')) return output;
    }
  }
  throw notAcceptable(accept, formats, stream);
}

/** A type that is not served at all is refused by the router before the handler. */
function notAcceptable(accept: string, formats: readonly Format[], stream: boolean): StatusError {
  const isServed = parseAccept(accept).some((clause) => FORMATS.some((format) => matches(clause, MEDIA_TYPES[format])));
  if (!isServed) {
    const types = FORMATS.map((format) => MEDIA_TYPES[format]).join(', ');
    const message = `406: Not Acceptable\n\nAvailable representations: ${types}`;
    return new StatusError(406, 'NotAcceptable', message, {});
  }
  const types = formats.map((format) => (stream ? `${MEDIA_TYPES[format]};stream=watch` : MEDIA_TYPES[format]));
  return new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);
}

function accepted(clause: AcceptClause, format: Format, pretty: boolean): Output | undefined {
  const { as, g, v, stream } = clause.parameters;
  if (stream && (stream !== 'watch' || format === 'yaml')) return undefined;
  const isPretty = pretty || clause.parameters['pretty'] === '1';
  if (as === undefined && g === undefined && v === undefined) {
    return format === 'json' && !isPretty ? JSON_OUTPUT : { format, transform: undefined, pretty: isPretty };
  }
  const transform = transformOf(as, g, v);
  // Tables have no protobuf form: cells are of any type.
  if (!transform || (transform.kind === 'Table' && format === 'protobuf')) return undefined;
  return { format, transform, pretty: isPretty };
}

function transformOf(as = '', group = '', version = ''): Transform | undefined {
  if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (as !== 'Table' && as !== 'PartialObjectMetadata' && as !== 'PartialObjectMetadataList') return undefined;
  return { kind: as, version };
}

export function isPretty(headers: Headers, query: URLSearchParams): boolean {
  const asked = query.get('pretty');
  if (asked) return isTrue(asked);
  return HUMAN_CLIENTS.test(headers.get('user-agent') ?? '');
}

/** The format of a request's body. Absent means JSON. */
export function bodyFormat(headers: Headers): Format {
  const header = headers.get('content-type');
  if (!header) return 'json';
  const mediaType = mediaTypeOf(header);
  const format = FORMATS.find((candidate) => MEDIA_TYPES[candidate] === mediaType);
  if (!format) throw unsupportedMediaType(FORMATS.map((known) => MEDIA_TYPES[known]));
  return format;
}

export function mediaTypeOf(header: string): string {
  const semicolon = header.indexOf(';');
  return (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}
