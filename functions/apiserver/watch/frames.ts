import type { KubeObject } from '../../../lib/api/object.ts';
import { Derived } from '../negotiation/derived.ts';
import { partialObject } from '../negotiation/partial.ts';
import { protobufOf } from '../negotiation/protobuf-list.ts';
import { includeObject, tableOf } from '../negotiation/table.ts';
import type { Call } from '../registry/call.ts';
import { decodeFor } from '../registry/stored.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** How one watch writes its events. */
export interface Frames {
  readonly contentType: string;
  /** An event of stored bytes. */
  event(type: EventType, value: Uint8Array): Uint8Array;
  /** An event whose object was made for it: a bookmark, an error. */
  special(type: EventType, object: KubeObject): Uint8Array;
}

export function framesFor(call: Call): Frames {
  const { output, type } = call;
  if (output.format === 'protobuf') return protobufFrames(call);
  if (output.transform?.kind === 'Table') return tableFrames(call);
  if (output.transform) return transformedFrames(call);
  return type.conversion ? convertedFrames(call) : storedFrames;
}

const JSON_STREAM = 'application/json';
const PROTOBUF_STREAM = 'application/vnd.kubernetes.protobuf;stream=watch';

const END = Buffer.from('}\n');
const STARTS = new Map(
  (['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'] as const).map((type) => [
    type,
    Buffer.from(`{"type":"${type}","object":`),
  ]),
);

function jsonFrame(type: EventType, object: Uint8Array): Uint8Array {
  return Buffer.concat([STARTS.get(type)!, object, END]);
}

/** What most watches get: the stored bytes in a frame that all of them share. */
const storedFrames: Frames = {
  contentType: JSON_STREAM,
  event: (type, value) => shared(value, type, () => jsonFrame(type, value)),
  special: jsonSpecial,
};

function jsonSpecial(type: EventType, object: KubeObject): Uint8Array {
  return jsonFrame(type, Buffer.from(JSON.stringify(object)));
}

function convertedFrames({ type: resource }: Call): Frames {
  const encode = (value: Uint8Array) => Buffer.from(JSON.stringify(decodeFor(resource, value)));
  return {
    contentType: JSON_STREAM,
    event: (type, value) => shared(value, `${type} ${resource.apiVersion}`, () => jsonFrame(type, encode(value))),
    special: jsonSpecial,
  };
}

function transformedFrames({ output, type: resource }: Call): Frames {
  const { version } = output.transform!;
  const partial = (object: KubeObject) => Buffer.from(JSON.stringify(partialObject(object, version)));
  return {
    contentType: JSON_STREAM,
    event: (type, value) =>
      shared(value, `${type} partial ${version} ${resource.apiVersion}`, () =>
        jsonFrame(type, partial(decodeFor(resource, value))),
      ),
    special: (type, object) => (type === 'ERROR' ? jsonSpecial(type, object) : jsonFrame(type, partial(object))),
  };
}

/** Ages differ from one moment to the next, so rows are not shared. Columns are told once. */
function tableFrames(call: Call): Frames {
  const include = includeObject(call.query);
  let told = false;
  const row = (type: EventType, object: KubeObject) => {
    const table = tableOf(call, [object], {}, include);
    if (type === 'BOOKMARK') table.metadata = { resourceVersion: object.metadata?.resourceVersion };
    const frame = jsonSpecial(type, told ? { ...table, columnDefinitions: null } : { ...table });
    told = true;
    return frame;
  };
  return {
    contentType: JSON_STREAM,
    event: (type, value) => row(type, decodeFor(call.type, value)),
    special: (type, object) => (type === 'ERROR' ? jsonSpecial(type, object) : row(type, object)),
  };
}

/**
 * Length-prefixed metav1.WatchEvent messages: `type` is field 1, `object` a RawExtension in field 2 whose `raw` is an envelope.
 * Source: k8s.io/apimachinery/pkg/runtime/serializer/protobuf, LengthDelimitedFramer.
 */
function protobufFrames({ type: resource, output }: Call): Frames {
  const version = output.transform?.version;
  const shown = (object: KubeObject) => (version ? partialObject(object, version) : object);
  const frame = (type: EventType, object: KubeObject) => protobufFrame(type, protobufOf(shown(object)));
  return {
    contentType: PROTOBUF_STREAM,
    event: (type, value) =>
      shared(value, `${type} protobuf ${version ?? ''} ${resource.apiVersion}`, () =>
        frame(type, decodeFor(resource, value)),
      ),
    special: (type, object) => (type === 'ERROR' ? protobufFrame(type, protobufOf(object)) : frame(type, object)),
  };
}

function protobufFrame(type: EventType, envelope: Uint8Array): Uint8Array {
  const raw = Buffer.concat([Buffer.of(0x0a), varint(envelope.byteLength), envelope]);
  const event = Buffer.concat([
    Buffer.of(0x0a, type.length),
    Buffer.from(type),
    Buffer.of(0x12),
    varint(raw.byteLength),
    raw,
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.byteLength);
  return Buffer.concat([length, event]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Watchers of one change follow each other closely, so that few frames need to be kept. */
const MAX_SHARED_BYTES = 2 << 20;

/** The frames of a change in the forms that its watchers asked for. */
const sharedFrames = new Derived<Map<string, Uint8Array>>(MAX_SHARED_BYTES);

/** The frame of these bytes in this form: encoded by the first watcher who needs it. */
function shared(value: Uint8Array, form: string, make: () => Uint8Array): Uint8Array {
  const known = sharedFrames.get(value);
  const found = known?.get(form);
  if (found) return found;
  const frame = make();
  if (known) known.set(form, frame);
  else sharedFrames.set(value, new Map([[form, frame]]), frame.byteLength);
  return frame;
}
