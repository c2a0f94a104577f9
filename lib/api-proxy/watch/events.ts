import { Reader } from '../../api/protobuf/reader.ts';

/** One event of a watch as it came, with what a proxy must know of it. */
export interface WatchEventFrame {
  type: string;
  /** Of the object; 0 when it has none (an ERROR's Status). */
  revision: number;
  /** The end of the initial events (KEP-3157): meant for the one client that asked for them. */
  initialEventsEnd: boolean;
  /** The frame with its delimiters. */
  bytes: Uint8Array;
}

/** Cuts a watch's body into its events. Throws on one that is not whole: what follows a break cannot be known. */
export function watchEvents(contentType: string, body: Buffer): WatchEventFrame[] {
  return contentType.startsWith('application/vnd.kubernetes.protobuf') ? protobufEvents(body) : jsonEvents(body);
}

const NEWLINE = 10;

function jsonEvents(body: Buffer): WatchEventFrame[] {
  const events: WatchEventFrame[] = [];
  for (let at = 0; at < body.length; ) {
    const newline = body.indexOf(NEWLINE, at);
    if (newline < 0) throw new RangeError('a watch event was cut off');
    const bytes = body.subarray(at, newline + 1);
    at = newline + 1;
    if (bytes.length > 1) events.push(jsonEvent(bytes));
  }
  return events;
}

function jsonEvent(bytes: Buffer): WatchEventFrame {
  const { type, object } = JSON.parse(bytes.toString());
  // A Table carries its objects in rows; its own revision is set on bookmarks only.
  const metadata = object?.rows?.[0]?.object?.metadata ?? object?.metadata ?? {};
  const revision = Number(metadata.resourceVersion || object?.metadata?.resourceVersion) || 0;
  return { type, revision, initialEventsEnd: INITIAL_EVENTS_END in (metadata.annotations ?? {}), bytes };
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

const LENGTH_BYTES = 4;

/** Length-prefixed metav1.WatchEvent messages. Source: apimachinery's LengthDelimitedFramer. */
function protobufEvents(body: Buffer): WatchEventFrame[] {
  const events: WatchEventFrame[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + LENGTH_BYTES + body.readUInt32BE(at);
    if (end > body.length) throw new RangeError('a watch event was cut off');
    events.push(protobufEvent(body.subarray(at, end)));
    at = end;
  }
  return events;
}

const MAGIC_BYTES = 4;

/** WatchEvent { type 1, object 2 { raw 1: `k8s\0` Unknown { raw 2: the object { metadata 1 } } } }. */
function protobufEvent(bytes: Buffer): WatchEventFrame {
  const event = fieldsOf(bytes.subarray(LENGTH_BYTES));
  const envelope = fieldsOf(event.get(2) ?? EMPTY).get(1) ?? EMPTY;
  const object = fieldsOf(envelope.subarray(MAGIC_BYTES)).get(2) ?? EMPTY;
  const type = (event.get(1) ?? EMPTY).toString();
  if (type === 'ERROR') return { type, revision: 0, initialEventsEnd: false, bytes };
  const metadata = fieldsOf(object).get(1) ?? EMPTY;
  // ObjectMeta { resourceVersion 6, annotations 12 }; only bookmarks are looked at for annotations.
  const fields = fieldsOf(metadata);
  const initialEventsEnd = type === 'BOOKMARK' && metadata.includes(INITIAL_EVENTS_END);
  return { type, revision: Number(fields.get(6)?.toString()) || 0, initialEventsEnd, bytes };
}

const EMPTY = Buffer.alloc(0);
const LENGTH_DELIMITED = 2;

/** The first value of each length-delimited field. */
function fieldsOf(message: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  const reader = new Reader(message);
  while (!reader.done) {
    const tag = reader.varint();
    if ((tag & 7) !== LENGTH_DELIMITED) reader.skip(tag & 7);
    else {
      const value = reader.bytes();
      if (!fields.has(tag >>> 3)) fields.set(tag >>> 3, value);
    }
  }
  return fields;
}
