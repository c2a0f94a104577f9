import type { KubeObject } from '../object.ts';
import { apiVersion as apiVersionOf, type GroupVersionKind } from '../resources.ts';
import { decoderOf } from '../schema/decode.ts';
import { definitionOf } from '../schema/shape.ts';
import { badRequest } from '../status.ts';
import { messageCodec, messageNameOf } from './message.ts';
import { Reader } from './reader.ts';
import { MAGIC } from './special.ts';
import { Writer } from './writer.ts';

/**
 * The envelope of objects: `k8s\0`, then runtime.Unknown { typeMeta 1 { apiVersion 1, kind 2 }, raw 2, contentEncoding 3,
 * contentType 4 }. Source: k8s.io/apimachinery/pkg/runtime/serializer/protobuf.
 */
interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/** Throws StatusError 400 for a kind that has no protobuf form, RangeError for broken bytes. */
export function decodeEnvelope(bytes: Uint8Array): KubeObject {
  const { apiVersion, kind, raw } = openEnvelope(bytes);
  const definition = requireDefinition(typeOf(apiVersion, kind));
  const message = messageCodec(messageNameOf(definition)).read(new Reader(raw));
  const object = decoderOf(definition)(message, { members: 0, unknown: false }) as KubeObject;
  return { kind, apiVersion, ...object };
}

/** Throws StatusError 400 for a kind that has no protobuf form. */
export function requireDefinition(gvk: GroupVersionKind): string {
  const definition = definitionOf(gvk);
  if (definition) return definition;
  throw badRequest(`no kind "${gvk.kind}" is registered for version "${apiVersionOf(gvk)}"`);
}

function typeOf(apiVersion: string, kind: string): GroupVersionKind {
  const slash = apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
}

function openEnvelope(bytes: Uint8Array): Envelope {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const envelope: Envelope = { apiVersion: '', kind: '', raw: new Uint8Array(0) };
  const reader = new Reader(bytes.subarray(MAGIC.length));
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 0x0a) readTypeMeta(reader, envelope);
    else if (tag === 0x12) envelope.raw = reader.bytes();
    else reader.skip(tag & 7);
  }
  return envelope;
}

function readTypeMeta(reader: Reader, envelope: Envelope): void {
  const outer = reader.enter();
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 0x0a) envelope.apiVersion = reader.string();
    else if (tag === 0x12) envelope.kind = reader.string();
    else reader.skip(tag & 7);
  }
  reader.leave(outer);
}

/** Whether the kind has a protobuf form; objects of custom kinds have none. */
export function hasProtobuf(gvk: GroupVersionKind): boolean {
  return definitionOf(gvk) !== undefined;
}

/** The object in its envelope, as what it says it is. Throws StatusError 400 without a protobuf form. */
export function encodeEnvelope(
  object: KubeObject,
  gvk = typeOf(object.apiVersion ?? '', object.kind ?? ''),
): Uint8Array {
  // Discovery of the core group goes without an apiVersion, as it always did.
  const definition = requireDefinition(gvk.version ? gvk : { ...gvk, version: 'v1' });
  const message = messageCodec(messageNameOf(definition));
  const writer = new Writer();
  return sealEnvelope(writer, gvk, () => message.write(writer, object));
}

/** `write` puts the message into the writer; what is before it is added after it. */
export function sealEnvelope(writer: Writer, gvk: GroupVersionKind, write: () => void): Uint8Array {
  writeString(writer, 4, '');
  writeString(writer, 3, '');
  const beforeRaw = writer.length;
  write();
  writer.delimited(2, beforeRaw);
  const beforeType = writer.length;
  writeString(writer, 2, gvk.kind);
  writeString(writer, 1, apiVersionOf(gvk));
  writer.delimited(1, beforeType);
  writer.raw(MAGIC);
  return writer.bytes();
}

function writeString(writer: Writer, number: number, text: string): void {
  const before = writer.length;
  writer.string(text);
  writer.delimited(number, before);
}
